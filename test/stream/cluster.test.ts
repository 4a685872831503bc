import { type RedisCluster, startRedisCluster } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { createRedisRest, type RedisRest } from "@spillway/redis-rest";
import {
  connectRedis,
  createLeases,
  createRedisInstallation,
  createShardStream,
  createStreamInspection,
  createStreamTier,
} from "@spillway/stream";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { leasesConformance } from "../conformance/leases.ts";
import { roomyLimits, type SubjectLimits, shardStreamConformance } from "../conformance/shard-stream.ts";
import { tierConformance } from "../conformance/tier.ts";
import { type Way, wayNames, ways } from "./faults.ts";
import {
  belongingTo,
  damageSkip,
  freshNamespace,
  installationOf,
  limitsOf,
  REST_TOKEN,
  recordInstallation,
  restTransport,
} from "./services.ts";

const SHARDS = 8;

let cluster: RedisCluster;
let rest: RedisRest;
beforeAll(async () => {
  cluster = await startRedisCluster();
  rest = await createRedisRest({ redisUrls: cluster.urls, token: REST_TOKEN });
});
afterAll(async () => {
  await rest.stop();
  await cluster.stop();
});

const open = async (limits: SubjectLimits = roomyLimits, over: Way = "HTTP") => {
  const namespace = freshNamespace();
  const server = connectRedis({ url: cluster.urls.join(",") });
  const all = limitsOf(limits);
  await recordInstallation(server, namespace);
  const belonging = belongingTo(namespace);
  const way = ways[over]({ redis: { url: cluster.urls.join(",") }, rest });
  return {
    namespace,
    server,
    tier: createStreamTier({ transport: way.transport, namespace, belonging, limits: all }),
    stream: createShardStream({ redis: server, namespace, belonging, limits: all }),
    leases: createLeases({ redis: server, namespace }),
    damageMetadata: (shard: number) => server.commands.send((client) => damageSkip(client, namespace, shard)),
    close: async () => {
      way.close();
      server.close();
    },
  };
};

/** One of three masters. */
const weaken = async (isWeak: boolean): Promise<void> => {
  const admin = new Redis(cluster.urls[1] as string);
  await admin.config("SET", "maxmemory-policy", isWeak ? "allkeys-lru" : "noeviction");
  admin.disconnect();
};

for (const over of wayNames)
  tierConformance(`a Redis Cluster over ${over}`, { dropsDuplicates: true, canBeWeak: true }, async () => {
    const { tier, stream, close } = await open(roomyLimits, over);
    return { tier, stored: (shard) => stream.read(shard, "0", 10_000, 0), weaken, close };
  });

shardStreamConformance("a Redis Cluster", async (limits) => ({ ...(await open(limits)), weaken }));

leasesConformance("a Redis Cluster", async () => open());

describe("a Redis Cluster", () => {
  test("is sent no command again whose connection broke", async () => {
    const { server, close } = await open();
    const key = `{${freshNamespace()}}:nothing`;
    const waiting = server.transport.send([["blpop", key, 30]], 30_000);
    const admins = cluster.nodes.map(({ url }) => new Redis(url));
    const blocked = async () => {
      const lists = await Promise.all(
        admins.map(async (admin) => ({ admin, list: String(await admin.client("LIST")) })),
      );
      return lists.flatMap(({ admin, list }) =>
        [...list.matchAll(/^id=(\d+).* cmd=blpop /gm)].map(([, id = ""]) => ({ admin, id })),
      );
    };
    const [only] = await eventually("it waits", async () => {
      const all = await blocked();
      return all.length === 1 ? all : null;
    });
    await only?.admin.client("KILL", "ID", only.id);
    expect(await waiting).toEqual([{ kind: "error", code: "closed" }]);
    expect(await blocked()).toEqual([]);
    for (const admin of admins) admin.disconnect();
    await close();
  });

  test("is inspected as one, and says whose it is", async () => {
    const { server, namespace, tier, close } = await open();
    expect(await createRedisInstallation(server.transport, namespace).read(30_000)).toEqual(installationOf(namespace));
    expect(await tier.health(30_000)).toMatchObject({ status: "up", warnings: [] });
    const inspection = createStreamInspection(server, namespace);
    expect(await inspection.server()).toMatchObject({ warnings: [] });
    expect(await inspection.shard(5)).toMatchObject({ kind: "known", view: { backlogEvents: 0 } });
    await close();
  });

  test("brings what edges tell each other with an append's answer, from the first one on, in whatever slots", async () => {
    const { namespace, close } = await open();
    const told = ["shop", "till", "kiosk"].map((name) => ({ name, usage: { events: 2, bytes: 1 } }));
    const heard = new Map<string, number>();
    let due = told;
    const tier = createStreamTier({
      ...{ transport: restTransport(rest), namespace, belonging: belongingTo(namespace), limits: limitsOf() },
      usage: { due: () => due.splice(0), heard: (name, { events }) => void heard.set(name, events) },
    });
    const chunks = [0, 1, 2, 3].map((shard) => chunkOf(shard, freshNames(1)));
    for (let i = 0; i < 3; i++) {
      due = [...told];
      heard.clear();
      const answers = await tier.append(chunks, 30_000);
      expect(answers.every(({ kind }) => kind === "ok")).toBe(true);
      expect(Object.fromEntries(heard)).toEqual({ shop: 2, till: 2, kiosk: 2 });
    }
    await close();
  });

  test.each(wayNames)(
    "goes on when a master was killed: leases, appends over %s and blocked reads of every shard",
    async (over) => {
      const { tier, stream, leases, close } = await open(roomyLimits, over);
      const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
      const append = async (shard: number) =>
        (await tier.append([chunkOf(shard, freshNames(1))], 1000))[0]?.kind === "ok";
      for (const shard of shards) expect(await append(shard)).toBe(true);
      const readOn = (shard: number, after: string) =>
        eventually(`shard ${shard} reads on`, async () => (await stream.read(shard, after, 10, 500))[0]);
      const firsts = await Promise.all(shards.map((shard) => readOn(shard, "0")));
      const reading = shards.map((shard) => readOn(shard, firsts[shard]?.id ?? ""));
      await cluster.nodes[0]?.kill("SIGKILL");
      for (const shard of shards) {
        await eventually(`shard ${shard} appends`, () => append(shard));
        const lease = await eventually(`shard ${shard} is leased`, () => leases.take(shard, "one", 60_000));
        expect(await tier.divert([shard], 1000)).toBeNull();
        expect(await stream.endDiversion(lease, (await stream.diversion(shard)) ?? "")).toBe("ok");
      }
      for (const entry of await Promise.all(reading)) expect(entry).toMatchObject({ events: 1 });
      await cluster.nodes[0]?.restart();
      await close();
    },
  );
});
