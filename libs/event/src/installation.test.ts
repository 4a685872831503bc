import { describe, expect, test } from "vitest";
import { createBelonging, type Installation } from "./installation.ts";

const ours = { namespace: "spillway", shards: 4 };
const here: Installation = { ...ours, id: "a" };

type Row = {
  /** Undefined: it has not answered. */
  readonly redis?: Installation | null;
  readonly postgres?: Installation | null;
  readonly refusals: readonly [redis: string | null, postgres: string | null];
  readonly says?: readonly string[];
};

const none = "no_installation";
const wrong = "wrong_installation";

describe("a part belongs", () => {
  test.each<Row>([
    { refusals: [none, none] },
    { redis: null, postgres: null, refusals: [none, none] },
    { redis: here, refusals: [null, none] },
    { postgres: here, refusals: [none, null] },
    { redis: here, postgres: here, refusals: [null, null] },
    { redis: null, postgres: here, refusals: [none, null] },
    { redis: here, postgres: null, refusals: [wrong, wrong], says: ["installation a", "of none", "DATABASE_URL"] },
    {
      redis: here,
      postgres: { ...here, id: "b" },
      refusals: [wrong, wrong],
      says: ["installation a", "of b", "REDIS_URL", "UPSTASH_REDIS_REST_URL", "DATABASE_URL"],
    },
    {
      postgres: { ...here, namespace: "spilway" },
      refusals: [wrong, wrong],
      says: ["NAMESPACE is spillway", "Postgres was set up with spilway"],
    },
    {
      redis: { ...here, shards: 8 },
      refusals: [wrong, wrong],
      says: ["SHARDS is 4", "Redis was set up with 8", "SHARDS=8"],
    },
    { redis: null, postgres: { ...here, shards: 8 }, refusals: [wrong, wrong], says: ["Postgres was set up with 8"] },
  ])("%j", ({ redis, postgres, refusals, says = [] }) => {
    const belonging = createBelonging(ours);
    if (redis !== undefined) belonging.found("redis", redis);
    if (postgres !== undefined) belonging.found("postgres", postgres);
    expect([belonging.refusal("redis"), belonging.refusal("postgres")]).toEqual(refusals);
    for (const part of says) expect(belonging.mismatch()).toContain(part);
    if (says.length === 0) expect(belonging.mismatch()).toBeNull();
    expect(belonging.mark()).toBe(refusals[0] === null ? "a" : "");
  });

  test("says of a keeper that answered and holds nothing that a relay must come first", () => {
    const belonging = createBelonging(ours);
    expect(belonging.sentence("redis")).toBeNull();
    belonging.found("redis", null);
    expect(belonging.sentence("redis")).toContain("no relay has been at this Redis");
  });

  test("again when what contradicted is mended", () => {
    const belonging = createBelonging(ours);
    belonging.found("postgres", here);
    belonging.found("redis", { ...here, id: "b" });
    expect(belonging.mark()).toBe("");
    belonging.found("redis", here);
    expect([belonging.mismatch(), belonging.mark()]).toEqual([null, "a"]);
  });
});
