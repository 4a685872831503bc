import { createBelonging, type Installation } from "@spillway/event";
import { connectRedis, createLeases, createRedisInstallation, createShardStream } from "@spillway/stream";
import { createStreamTier, type StreamTier, type Transport } from "@spillway/stream/tier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkOf } from "../conformance/chunks.ts";
import {
  freshNamespace,
  limitsOf,
  openShards,
  restTransport,
  type StreamServices,
  startStreamServices,
} from "./services.ts";

const DEADLINE_MS = 30_000;

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

const open = () => {
  const namespace = freshNamespace();
  const server = connectRedis({ url: services.redis.url });
  const keeper = createRedisInstallation(server.transport, namespace);
  let asked = 0;
  const rest = restTransport(services.rest);
  const counted: Transport = {
    ...rest,
    send: (commands, deadlineMs) => {
      asked += commands.filter(([, key]) => key === `${namespace}:meta`).length;
      return rest.send(commands, deadlineMs);
    },
  };
  const part = (shards: number) => {
    const belonging = createBelonging({ namespace, shards });
    const setup = { namespace, belonging, limits: limitsOf() };
    const tier = createStreamTier({ transport: counted, ...setup });
    const put = async (shard: number) => (await tier.append([chunkOf(shard, ["a"])], DEADLINE_MS))[0];
    return { belonging, tier, put, stream: createShardStream({ redis: server, ...setup }) };
  };
  return {
    namespace,
    server,
    part,
    asked: () => asked,
    four: part(4),
    eight: part(8),
    claim: (id: string, shards = 4) => keeper.record({ id, namespace, shards }, DEADLINE_MS),
    /** And each shard's owner has seen to it. */
    record: async (id: string, shards = 4) => {
      const recorded = await keeper.record({ id, namespace, shards }, DEADLINE_MS);
      await openShards(server, namespace, recorded.shards);
      return recorded;
    },
    read: () => keeper.read(DEADLINE_MS),
    streams: () => services.admin.keys(`{${namespace}:*}:stream`),
    empty: async () => {
      for (const key of await services.admin.keys(`*${namespace}*`)) await services.admin.del(key);
    },
    close: () => server.close(),
  };
};

const refused = (code: string) => ({ kind: "retriable", code });
const stored = { kind: "ok", duplicates: [] };

describe("the installation in Redis", () => {
  test("is the first relay's, and read the same over TCP and HTTP", async () => {
    const it = open();
    const of = (tier: StreamTier): Promise<Installation | null> => tier.installation.read(DEADLINE_MS);
    expect([await it.read(), await of(it.four.tier)]).toEqual([null, null]);
    const answers = await Promise.all(["a", "b", "c", "d"].map((id) => it.record(id)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect([await it.read(), await of(it.four.tier)]).toEqual([answers[0], answers[0]]);
    it.close();
  });

  test("is none where only a number stands, of a Spillway before there were ids; the number stays", async () => {
    const it = open();
    await services.admin.hset(`${it.namespace}:meta`, "shards", "8");
    expect(await it.read()).toBeNull();
    expect(await it.record("a", 4)).toMatchObject({ id: "a", shards: 8 });
    it.close();
  });

  test("must be there before anything is appended, and no append records it", async () => {
    const it = open();
    expect(await it.four.put(2)).toEqual(refused("no_installation"));
    expect(await it.four.tier.health(DEADLINE_MS)).toMatchObject({
      status: "down",
      code: "no_installation",
      warnings: [expect.stringContaining("no relay has been at this Redis")],
    });
    expect([await it.streams(), await it.read()]).toEqual([[], null]);
    await it.record("a");
    expect(await it.four.put(2)).toMatchObject(stored);
    expect(await it.four.tier.health(DEADLINE_MS)).toMatchObject({ status: "up" });
    it.close();
  });

  test("comes with every shard diverted, so that nothing is appended before an owner has seen what is missing; and only then", async () => {
    const it = open();
    const shards = [0, 1, 2, 3];
    await it.claim("a");
    expect(await Promise.all(shards.map(it.four.put))).toEqual(shards.map(() => ({ kind: "diverted" })));
    await openShards(it.server, it.namespace, 4);
    await it.claim("a");
    expect(await it.four.put(2)).toMatchObject(stored);
    it.close();
  });

  test("of another number of shards takes nothing, in whichever shard", async () => {
    const it = open();
    await it.record("a", 4);
    expect(await it.four.put(2)).toMatchObject(stored);
    expect([await it.eight.put(6), await it.eight.put(2)]).toEqual([
      refused("wrong_installation"),
      refused("wrong_installation"),
    ]);
    expect(await it.eight.tier.health(DEADLINE_MS)).toMatchObject({
      status: "down",
      code: "wrong_installation",
      warnings: [expect.stringContaining("SHARDS is 8, but Redis was set up with 4")],
    });
    expect(await it.streams()).toEqual([`{${it.namespace}:2}:stream`]);
    it.close();
  });

  test("is missed by the very next append when Redis was emptied, and by that of another Redis", async () => {
    const it = open();
    await it.record("a");
    expect(await it.four.put(2)).toMatchObject(stored);
    await it.empty();
    expect(await it.four.put(2)).toEqual(refused("no_installation"));
    it.four.belonging.found("postgres", { id: "a", namespace: it.namespace, shards: 4 });
    await it.record("b");
    expect(await it.four.put(2)).toEqual(refused("wrong_installation"));
    expect(await it.streams()).toEqual([]);
    // Mended: it goes on by itself.
    await it.empty();
    await it.record("a");
    expect(await it.four.put(2)).toMatchObject(stored);
    it.close();
  });

  test("must be an edge's own for it to divert a shard there; then also one that was never filled", async () => {
    const it = open();
    const { tier } = it.four;
    const diverted = () => services.admin.keys(`{${it.namespace}:*}:diverted`);
    expect(await tier.divert([2], DEADLINE_MS)).toBe("no_installation");
    await it.record("b", 8);
    expect(await tier.divert([2], DEADLINE_MS)).toBe("wrong_installation");
    expect(await diverted()).toEqual([]);
    await it.empty();
    await it.record("a");
    expect(await tier.divert([2, 3], DEADLINE_MS)).toBeNull();
    expect((await diverted()).sort()).toEqual([2, 3].map((shard) => `{${it.namespace}:${shard}}:diverted`));
    expect(await it.four.put(2)).toEqual({ kind: "diverted" });
    // Another installation's from one moment to the next: what the edge knew of it is not enough.
    it.four.belonging.found("postgres", { id: "a", namespace: it.namespace, shards: 4 });
    await it.empty();
    await it.record("b");
    expect(await tier.divert([2], DEADLINE_MS)).toBe("wrong_installation");
    expect(await diverted()).toEqual([]);
    it.close();
  });

  test("made anew takes what the old one's shards hold for its own", async () => {
    const it = open();
    await it.record("a");
    await it.four.put(2);
    await services.admin.hdel(`${it.namespace}:meta`, "installation", "shards");
    await it.record("b", 8);
    expect(await it.part(4).put(2)).toEqual(refused("wrong_installation"));
    expect(await it.part(8).put(2)).toMatchObject({ kind: "ok", duplicates: [0] });
    it.close();
  });

  test("stops the drain, too, before it appends", async () => {
    const it = open();
    await it.record("a", 4);
    const lease = await createLeases({ redis: it.server, namespace: it.namespace }).take(6, "r", 10_000);
    if (lease === null) throw new Error("the lease is taken");
    expect(await it.eight.stream.append(lease, chunkOf(6, ["a"]))).toEqual(refused("wrong_installation"));
    expect(await it.streams()).toEqual([]);
    it.close();
  });

  test("is asked for once a shard and not with every append", async () => {
    const it = open();
    await it.record("a");
    for (let n = 0; n < 20; n++) await it.four.tier.append([chunkOf(n % 2, [`n${n}`])], DEADLINE_MS);
    // Two fields each.
    expect(it.asked()).toBe(4);
    it.close();
  });

  test("beside it: which shards hold events and have no owner", async () => {
    const it = open();
    await it.record("a");
    await it.four.put(2);
    await it.four.put(3);
    const leases = createLeases({ redis: it.server, namespace: it.namespace });
    for (const shard of [0, 3]) await leases.take(shard, "r", 10_000);
    expect(await it.four.tier.unowned(4, DEADLINE_MS)).toEqual([2]);
    it.close();
  });

  test("is told by a full Redis, too, to who would record it", async () => {
    const it = open();
    const recorded = await it.record("a");
    await services.admin.config("SET", "maxmemory", "1");
    try {
      expect(await it.record("b")).toEqual(recorded);
    } finally {
      await services.admin.config("SET", "maxmemory", "0");
    }
    it.close();
  });

  test("is not known while Redis does not answer", async () => {
    const nowhere = connectRedis({ url: "redis://127.0.0.1:1" });
    await expect(createRedisInstallation(nowhere.transport, "ns").read(DEADLINE_MS)).rejects.toThrow("unreachable");
    nowhere.close();
  });
});
