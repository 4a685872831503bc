import { decodeChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { type AppWorld, createAppWorld } from "../app.fixture.ts";
import { createIdempotency } from "./idempotency.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

/** What the stream holds. */
const stored = ({ world }: AppWorld) =>
  [0, 1, 2, 3]
    .flatMap((shard) => world.streams.entriesAfter(shard, "0", 1_000))
    .flatMap(({ chunk, skip }) => decodeChunk(chunk, platform).events.filter((_, index) => !skip.includes(index)))
    .map(({ bytes }) => new TextDecoder().decode(bytes));

describe("an idempotency key", () => {
  const send = (
    app: AppWorld,
    key: string,
    body: string,
    headers: Readonly<Record<string, string>> = {},
    path?: string,
  ) => app.post(body, { "idempotency-key": key, ...headers }, path);
  const post = async (app: AppWorld, key: string, body: string) => json(await send(app, key, body));

  test("gives a request that is sent again the answer that it had, and stores it once", async () => {
    const app = await createAppWorld();
    const first = await send(app, "k1", '{"type":"t"}');
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    const text = await first.text();
    expect(JSON.parse(text)).toMatchObject({ id: "k1", status: "accepted" });
    const again = await send(app, '"k1"', '{"type":"t"}');
    expect([again.status, await again.text(), again.headers.get("idempotent-replayed")]).toEqual([202, text, "true"]);
    expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
    expect(await post(app, "k2", '{"type":"t"}')).toMatchObject({ id: "k2", status: "accepted" });
    expect(
      stored(app)
        .map((each) => JSON.parse(each).id)
        .toSorted(),
    ).toEqual(["k1", "k2"]);
  });

  test("tells a batch's events apart by their index, and leaves ids that are there", async () => {
    const app = await createAppWorld();
    const batch = `[{"type":"t"},{"type":"t","id":"own"},{"type":""},{"type":"t","id":null}]`;
    const first = await post(app, "k", batch);
    expect(first).toMatchObject({ accepted: 3, duplicates: 0, invalid: 1 });
    expect(await post(app, "k", batch)).toEqual(first);
    expect(new Set(stored(app).map((text) => JSON.parse(text).id))).toEqual(new Set(["k/0", "own", "k/3"]));
  });

  test.each<readonly [string, string, Record<string, string>, string]>([
    ["another body", '{"type":"u"}', {}, "/v1/events"],
    ["another partition key", '{"type":"t","subject":"s"}', {}, "/v1/events"],
    ["another path", '{"type":"t"}', {}, "/v1/batch"],
    ["another form", '{"type":"t"}', { "content-type": "application/x-ndjson" }, "/v1/events"],
    [
      "another attribute in a header",
      '{"type":"t"}',
      { "ce-type": "t", "ce-id": "1", "ce-source": "/s", "ce-specversion": "1.0" },
      "/v1/events",
    ],
  ])("with %s is refused, and nothing more is stored", async (_, body, headers, path) => {
    const app = await createAppWorld();
    await send(app, "k", '{"type":"t"}');
    expect(await json(await send(app, "k", body, headers, path))).toMatchObject({
      status: 422,
      code: "idempotency_key_reused",
    });
    expect(stored(app)).toHaveLength(1);
  });

  test("is in flight until its request is answered", async () => {
    const app = await createAppWorld();
    const [first, second] = [send(app, "k", '{"type":"t"}'), send(app, "k", '{"type":"t"}')];
    const refused = await second;
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([409, "1"]);
    expect(await refused.json()).toMatchObject({ code: "idempotency_key_in_flight", retryable: true });
    expect((await first).status).toBe(202);
    expect((await send(app, "k", '{"type":"t"}')).headers.get("idempotent-replayed")).toBe("true");
  });

  test("is forgotten after the window", async () => {
    const app = await createAppWorld({ dedupWindowSeconds: 600 });
    await send(app, "k", '{"type":"t"}');
    await app.clock.advance(599_000);
    expect((await send(app, "k", '{"type":"u"}')).status).toBe(422);
    await app.clock.advance(1_000);
    expect((await send(app, "k", '{"type":"u"}')).status).toBe(202);
  });

  test("may come again with a mended body where nothing was stored, and with the same where that is not known", async () => {
    const app = await createAppWorld();
    expect((await send(app, "mended", '{"type":}')).status).toBe(400);
    expect((await send(app, "mended", '{"type":""}')).status).toBe(422);
    expect((await send(app, "mended", '{"type":"t"}')).status).toBe(202);
    Object.assign(app.committer, { commit: async () => [{ kind: "refused", code: "unavailable" }] });
    expect((await send(app, "open", '{"type":"t"}')).status).toBe(503);
    expect((await send(app, "open", '{"type":"t"}')).status).toBe(503);
    Object.assign(app.committer, { commit: async () => [{ kind: "refused", code: "backlog_full" }] });
    expect((await send(app, "open", '{"type":"t"}')).status).toBe(429);
    expect(await post(app, "open", '{"type":"u"}')).toMatchObject({ code: "idempotency_key_reused" });
  });

  test("whose answer is forgotten for want of room is ingested again, and no other name's is forgotten for it", async () => {
    const ports = { clock: createManualClock(), platform };
    const { once } = createIdempotency(ports, 1_000);
    const media = { kind: "ok", form: "json", contentType: "application/json" } as const;
    const ask = async (name: string, n: number, answer: string) => {
      const keyed = {
        headers: new Headers(),
        name,
        requestId: "r",
        batchOnly: false,
        media,
        durability: undefined,
      };
      return (
        await once(
          { ...keyed, idempotencyKey: `k${n}` },
          encode(`${n}`),
          async () => new Response(answer, { status: 202 }),
        )
      ).text();
    };
    const MiB = 1024 * 1024;
    await ask("shop", 0, "x".repeat(MiB));
    for (let n = 0; n < 5; n++) await ask("web", n, "x".repeat(MiB));
    const again = [
      await ask("web", 4, "new"),
      await ask("web", 2, "new"),
      await ask("web", 0, "new"),
      await ask("shop", 0, "new"),
    ];
    expect(again.map(({ length }) => length)).toEqual([MiB, MiB, 3, MiB]);
  });

  test.each(["", '""', '"a', "a, a", '"a", "a"', "x".repeat(256), "caf\u00e9", "a\tb", '"a";b=1'])(
    "of %j is refused",
    async (key) => {
      const app = await createAppWorld();
      expect(await post(app, key, '{"type":"t"}')).toMatchObject({ status: 400, code: "invalid_idempotency_key" });
      expect(stored(app)).toEqual([]);
    },
  );
});
