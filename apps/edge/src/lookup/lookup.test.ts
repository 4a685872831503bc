import { decodeChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { hashSecret } from "@spillway/service";
import { describe, expect, test } from "vitest";
import { type AppWorld, createAppWorld, KEY } from "../app.fixture.ts";

const TILL = "key-of-the-till-of-the-tests";
const apiKeys = [
  { name: "shop", sha256: hashSecret(KEY, platform) },
  { name: "till", sha256: hashSecret(TILL, platform) },
];
const shards = [0, 1, 2, 3];

const open = async (options: Parameters<typeof createAppWorld>[0] = {}) => {
  const app = await createAppWorld({ apiKeys, ...options });
  const ask = (path: string, key = KEY) =>
    app.get(`/v1/events/${path}`, { headers: { authorization: `Bearer ${key}` } });
  const told = async (path: string, key = KEY): Promise<Record<string, unknown>> => {
    const response = await ask(path, key);
    return { http: response.status, ...((await response.json()) as Record<string, unknown>) };
  };
  return { ...app, ask, told };
};

const post = (app: AppWorld, id: string, more: object = {}, key = KEY) =>
  app.post(JSON.stringify({ type: "t", id, ...more }), { authorization: `Bearer ${key}` });

/** As a relay whose broker has answered. */
const settleAll = ({ world }: AppWorld, relayed = 100) => {
  for (const shard of shards) {
    const entries = world.streams.entriesAfter(shard, "0", 100);
    world.streams.settle(shard, { entries: entries.map(({ ref }) => ref), relayed });
  }
};

const onlyEntry = ({ world }: AppWorld) => {
  const [found] = shards.flatMap((shard) =>
    world.streams.entriesAfter(shard, "0", 1).map((entry) => ({ shard, entry })),
  );
  if (found === undefined) throw new Error("no entry");
  const [event] = decodeChunk(found.entry.chunk, platform).events;
  if (event === undefined) throw new Error("no event");
  return { ...found, event };
};

const letterOf = (app: AppWorld) => {
  const { shard, entry, event } = onlyEntry(app);
  const why = { deadLetterClass: "oversize", code: "MESSAGE_TOO_LARGE", detail: "too large" } as const;
  return { ...event, ...why, shard, entry: entry.id, index: 0, topic: "t", attempts: 1, receivedAtMs: 1 };
};

describe("an event by its id", () => {
  test("waits in the stream, then was relayed, and nobody learns more of it", async () => {
    const app = await open();
    await post(app, "order/17 ü");
    const path = encodeURIComponent("order/17 ü");
    const since = new Date(app.clock.wallMs()).toISOString();
    const known = { http: 200, id: "order/17 ü", source: "/shop" };
    expect(await app.told(path)).toEqual({ ...known, status: "pending", tier: "stream", since });
    expect(await app.told(`${path}/`)).toMatchObject(known);
    settleAll(app);
    expect(await app.told(path)).toEqual({ ...known, status: "relayed" });
  });

  test("waits in the outbox, in both, or parked", async () => {
    const app = await open();
    app.world.outages.start("redis");
    await post(app, "a");
    app.world.outages.end("redis");
    expect(await app.told("a")).toMatchObject({ status: "pending", tier: "outbox" });
    const other = await open({ apiKeyDurabilities: [{ name: "shop", durability: "both", may: false }] as never });
    await post(other, "b");
    expect(await other.told("b")).toMatchObject({ status: "pending", tier: "both" });
    const third = await open();
    await post(third, "c");
    const { shard, entry, event } = onlyEntry(third);
    third.world.parked.open(shard, "orders", 1, "x");
    const parked = { ref: entry.ref, index: 0, chunk: entry.chunk, dedupKey: event.dedupKey };
    third.world.parked.put(shard, "orders", [parked], { writer: "p", floor: 0 });
    settleAll(third, 0);
    const waits = await third.told("c");
    expect(waits).toMatchObject({ status: "pending", tier: "parked" });
    expect(JSON.stringify(waits)).not.toContain("orders");
  });

  test("died, and says of what and what operators did; a replay waits and is relayed", async () => {
    const app = await open();
    await post(app, "a");
    await app.world.deadLetters.put([letterOf(app)]);
    // It is there before its entry is settled.
    expect(await app.told("a")).toMatchObject({ status: "pending", tier: "stream" });
    settleAll(app, 0);
    const death = { class: "oversize", code: "MESSAGE_TOO_LARGE", operator: "waiting" };
    expect(await app.told("a")).toMatchObject({ http: 200, status: "dead", death });
    await app.world.replay(["1"], { by: "ann" });
    expect(await app.told("a")).toMatchObject({ status: "pending", tier: "outbox" });
    for (const shard of shards) app.world.outbox.remove(app.world.outbox.rows(shard));
    expect(await app.told("a")).toMatchObject({
      http: 404,
      code: "event_not_seen",
      death: { ...death, operator: "replayed" },
    });
  });

  test("of a whole entry that nobody could read is dead and not relayed", async () => {
    const app = await open();
    await post(app, "a");
    const whole = { ...letterOf(app), identity: null, index: -1, deadLetterClass: "undecodable", code: "checksum" };
    await app.world.deadLetters.put([whole as never]);
    settleAll(app, 0);
    expect(await app.told("a")).toMatchObject({ status: "dead", death: { class: "undecodable", code: "checksum" } });
  });

  test("is not seen by another name's key, under another source, or before it is posted", async () => {
    const app = await open();
    await post(app, "a", { source: "/eu", partitionkey: "k" });
    expect(await app.told("a?source=/eu")).toMatchObject({ http: 200, status: "pending" });
    expect(await app.told("a?source=/eu&partitionkey=k")).toMatchObject({ http: 200, status: "pending" });
    expect(await app.told("a")).toMatchObject({ http: 404, code: "event_not_seen" });
    expect(await app.told("a?source=/eu", TILL)).toMatchObject({ http: 404, code: "event_not_seen" });
    expect(await app.told("b?source=/eu")).toMatchObject({ http: 404, seen_since: null });
    await Promise.all(Array.from({ length: 30 }, (_, i) => post(app, `fill-${i}`)));
    const { seen_since: since } = await app.told("b");
    expect(Number.isFinite(Date.parse(String(since)))).toBe(true);
  });
});

describe("what a lookup costs", () => {
  test("is bounded for a key, and another's goes on", async () => {
    const app = await open({ lookupsPerSecond: 4 });
    const all = await Promise.all(Array.from({ length: 10 }, () => app.told("a")));
    const refused = all.filter(({ http }) => http === 429);
    expect(refused).toHaveLength(9);
    expect(refused[0]).toMatchObject({ code: "too_many_lookups", retryable: true });
    expect((await app.ask("a")).headers.get("retry-after")).toBe("1");
    expect(await app.told("a", TILL)).toMatchObject({ http: 404 });
    await app.clock.advance(1_000);
    expect(await app.told("a")).toMatchObject({ http: 404 });
  });

  test("is two at once, and a lookup whose turn does not come in time says so", async () => {
    const app = await open();
    const asked: string[] = [];
    const free: (() => void)[] = [];
    const { sights } = app.world;
    const { letter } = sights;
    Object.assign(sights, {
      letter: async (...args: Parameters<typeof letter>) => {
        asked.push("letter");
        await new Promise<void>((resolve) => free.push(resolve));
        return letter(...args);
      },
    });
    const answers = [app.told("a"), app.told("b"), app.told("c")];
    for (let i = 0; i < 50; i++) await Promise.resolve();
    expect(asked).toHaveLength(2);
    await app.clock.advance(900);
    for (const go of free) go();
    expect(await Promise.all(answers)).toMatchObject(Array(3).fill({ http: 503, code: "lookup_unavailable" }));
  });

  test.each(["redis", "postgres"] as const)("without %s it is not known, and never not seen", async (backend) => {
    const app = await open();
    await post(app, "a");
    settleAll(app);
    app.world.outages.start(backend);
    const answer = await app.ask("a");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await answer.json()).toMatchObject({ code: "lookup_unavailable" });
  });

  test("is not for pages", async () => {
    const page = {
      name: "web",
      sha256: hashSecret("pk_a-key-of-the-pages", platform),
      origins: ["https://shop.example"],
    };
    const app = await open({ publishableKeys: [page] });
    const headers = { authorization: "Bearer pk_a-key-of-the-pages", origin: "https://shop.example" };
    const answer = await app.get("/v1/events/a", { headers });
    expect([answer.status, (await answer.json()) as object]).toMatchObject([403, { code: "origin_forbidden" }]);
  });

  test("of an id that is no UTF-8 is refused, and without a key nobody is asked", async () => {
    const app = await open();
    expect(await app.told("%E0%A4%A")).toMatchObject({ http: 400, code: "malformed_request" });
    expect(await app.told("a", "another")).toMatchObject({ http: 401 });
  });
});
