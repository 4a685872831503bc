import { decodeChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { hashSecret } from "@spillway/service";
import { describe, expect, test } from "vitest";
import { type AppWorld, createAppWorld } from "../app.fixture.ts";
import type { BoundSource } from "../auth/key-sources.ts";

const keyOf = (name: string, n = 0) => `key-${n}-of-${name}-for-the-tests`;
const names = ["shop", "evil"];

const createWorld = (apiKeySources: readonly BoundSource[] = []) =>
  createAppWorld({
    apiKeySources,
    apiKeys: [0, 1].flatMap((n) => names.map((name) => ({ name, sha256: hashSecret(keyOf(name, n), platform) }))),
  });

const post = (app: AppWorld, name: string, body: string, n = 0) =>
  app.post(body, { authorization: `Bearer ${keyOf(name, n)}` });
const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

/** Sources and data of what the stream holds. */
const stored = ({ world }: AppWorld) =>
  [0, 1, 2, 3]
    .flatMap((shard) => world.streams.entriesAfter(shard, "0", 1_000))
    .flatMap(({ chunk, skip }) => decodeChunk(chunk, platform).events.filter((_, index) => !skip.includes(index)))
    .map(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes)) as { source: string; data: unknown });

const order = (data: string, more = "") => `{"type":"t","source":"/shop","id":"order-1001","data":"${data}"${more}}`;

describe("keys do not trust each other", () => {
  test.each(["", ',"subject":"k"'])("another key's event of one source and id is another event (%s)", async (more) => {
    const app = await createWorld();
    for (const [name, body] of [
      ["evil", order("forged", more)],
      ["shop", order("paid", more)],
    ] as const)
      expect(await json(await post(app, name, body))).toMatchObject({ status: "accepted" });
    expect(await json(await post(app, "shop", order("again", more)))).toMatchObject({ status: "duplicate" });
    expect(stored(app).map(({ data }) => data)).toEqual(expect.arrayContaining(["forged", "paid"]));
    expect(stored(app)).toHaveLength(2);
  });

  test("in a batch, too", async () => {
    const app = await createWorld();
    await post(app, "evil", `[${order("forged")}]`);
    expect(await json(await post(app, "shop", `[${order("paid")}]`))).toMatchObject({ accepted: 1, duplicates: 0 });
  });

  test("keys of one name are one sender", async () => {
    const app = await createWorld();
    await post(app, "shop", order("paid"), 0);
    expect(await json(await post(app, "shop", order("paid"), 1))).toMatchObject({ status: "duplicate" });
  });
});

describe("a source that is not the key's", () => {
  const bound = [{ name: "shop", prefix: "/shop" }];

  test("is answered 403 and not stored", async () => {
    const app = await createWorld(bound);
    const response = await post(app, "evil", order("forged"));
    expect(response.status).toBe(403);
    expect(await json(response)).toMatchObject({
      code: "source_forbidden",
      detail: "this source is bound to another key",
      id: "order-1001",
      pointer: "/source",
      retryable: false,
    });
    expect((await post(app, "shop", '{"type":"t","source":"/evil"}')).status).toBe(403);
    expect(stored(app)).toEqual([]);
  });

  test("is answered 403 in binary mode, and the default source is allowed", async () => {
    const app = await createWorld(bound);
    const headers = { authorization: `Bearer ${keyOf("shop")}`, "ce-type": "t" };
    expect((await app.post("1", { ...headers, "ce-source": "/shop/%2e%2e/evil" })).status).toBe(403);
    expect((await app.post("1", headers)).status).toBe(202);
    expect(stored(app).map(({ source }) => source)).toEqual(["/shop"]);
  });

  test("is an error of its event in a batch, and of the request when there is nothing else", async () => {
    const app = await createWorld(bound);
    const mixed = await post(app, "evil", `[${order("forged")},{"type":"t"},{}]`);
    expect(mixed.status).toBe(207);
    expect(await json(mixed)).toMatchObject({
      accepted: 1,
      invalid: 2,
      refused: 0,
      errors: [
        { index: 0, id: "order-1001", code: "source_forbidden", pointer: "/source", retryable: false },
        { index: 2, code: "missing_attribute" },
      ],
    });
    const all = await post(app, "evil", `[${order("forged")},${order("forged")}]`);
    expect([all.status, (await json(all)).code]).toEqual([403, "source_forbidden"]);
    const none = await post(app, "evil", `[${order("forged")},{}]`);
    expect([none.status, (await json(none)).code]).toEqual([422, "none_valid"]);
    expect(stored(app).map(({ source }) => source)).toEqual(["/evil"]);
  });
});
