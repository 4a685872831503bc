import { gzipSync } from "node:zlib";
import { platform } from "@spillway/event/platform-node";
import { hashSecret } from "@spillway/service";
import { describe, expect, test } from "vitest";
import { createAppWorld, KEY } from "../app.fixture.ts";

const OTHER_KEY = "another-key-of-the-tests";
const keys = [
  { name: "shop", sha256: hashSecret(KEY, platform) },
  { name: "till", sha256: hashSecret(OTHER_KEY, platform) },
];
const createWorld = (eventsPerSecond: number | null, bytesPerSecond: number | null = null) =>
  createAppWorld({ apiKeys: keys, quotas: [{ name: "shop", eventsPerSecond, bytesPerSecond }] });

const event = (id: string) => `{"type":"t","id":"${id}","source":"/s"}`;
const batch = (count: number) => `[${Array.from({ length: count }, (_, n) => event(`e${n}`)).join(",")}]`;
const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

describe("a quota of events", () => {
  test("of a batch takes the first events, and refuses the others, each by its index, with the time to come again", async () => {
    const app = await createWorld(40);
    const response = await app.post(batch(12));
    expect([response.status, response.headers.get("retry-after")]).toEqual([207, "1"]);
    const answer = await json(response);
    expect(answer).toMatchObject({ accepted: 10, refused: 2, invalid: 0 });
    expect(answer.errors).toMatchObject([
      { index: 10, id: "e10", code: "quota_exceeded", retryable: true },
      { index: 11, id: "e11", code: "quota_exceeded", retryable: true },
    ]);
    await app.clock.advance(1_000);
    expect(await json(await app.post(batch(12)))).toMatchObject({ accepted: 0, duplicates: 10, refused: 2 });
    await app.clock.advance(1_000);
    expect((await app.post(`[${event("e10")},${event("e11")}]`)).status).toBe(202);
  });

  test("that is used up is 429 before the body is read", async () => {
    const app = await createWorld(4);
    expect((await app.post(event("a"))).status).toBe(202);
    const response = await app.post("{ no JSON");
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await json(response)).toMatchObject({ code: "quota_exceeded", retryable: true, status: 429 });
    await app.clock.advance(1_000);
    expect((await app.post(event("b"))).status).toBe(202);
  });

  test("is asked after all that would be refused for good, which it does not hide", async () => {
    const app = await createWorld(4);
    await app.post(event("a"));
    expect((await app.post(event("b"), { "content-type": "text/plain" })).status).toBe(415);
    expect((await app.post(event("b"), { authorization: "Bearer nobody" })).status).toBe(401);
  });

  test("is not used up by events that are invalid, nor by another key's", async () => {
    const app = await createWorld(4);
    for (let n = 0; n < 3; n++) expect((await app.post('{"id":"no type"}')).status).toBe(422);
    for (let n = 0; n < 3; n++)
      expect((await app.post(event(`t${n}`), { authorization: `Bearer ${OTHER_KEY}` })).status).toBe(202);
    expect((await app.post(event("a"))).status).toBe(202);
    expect((await app.post(event("b"))).status).toBe(429);
  });

  test("and a refusal of the commit are told together, with the longer wait", async () => {
    const app = await createWorld(40);
    app.world.outages.start("redis", "timeout");
    app.world.outages.start("postgres");
    const response = await app.post(batch(12));
    expect(response.status).toBe(503);
    const codes = ((await json(response)).errors as { code: string }[]).map(({ code }) => code);
    expect([codes.filter((code) => code === "unavailable").length, codes.at(-1)]).toEqual([10, "quota_exceeded"]);
  });
});

describe("a quota of bytes", () => {
  test("is 429 by what the request says of its length, and by what came unfolded", async () => {
    const app = await createWorld(null, 1_000);
    const large = `{"type":"t","data":"${"x".repeat(5_000)}"}`;
    const response = await app.post(gzipSync(large), { "content-encoding": "gzip" });
    expect(response.status).toBe(202);
    const refused = await app.post(event("a"));
    expect(refused.status).toBe(429);
    const waitMs = Number(refused.headers.get("retry-after")) * 1_000;
    expect(waitMs).toBe(5_000);
    await app.clock.advance(waitMs - 1_000);
    expect((await app.post(event("a"))).status).toBe(429);
    await app.clock.advance(1_000);
    expect((await app.post(event("a"))).status).toBe(202);
  });
});
