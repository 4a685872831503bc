import { type Running, type ServiceOptions, startRedis } from "@spillway/backends";
import { type Belonging, createBelonging, type Installation } from "@spillway/event";
import { createRedisRest, type RedisRest } from "@spillway/redis-rest";
import {
  connectRedis,
  createLeases,
  createRedisInstallation,
  createRestTransport,
  createShardStream,
  createStreamTier,
  type RedisServer,
  type StreamLimits,
  type StreamTier,
  type Transport,
} from "@spillway/stream";
import { type Cluster, Redis } from "ioredis";
import type { StreamSubject } from "../conformance/shard-stream.ts";

export const REST_TOKEN = "token-of-the-stream-tests";
const SHARDS = 4;

/** A real Redis, the REST server in front of it, and a client that is not ours to look at it and to break it. */
export type StreamServices = {
  readonly redis: Running;
  readonly rest: RedisRest;
  readonly admin: Redis;
  stop(): Promise<void>;
};

export const startStreamServices = async (options: ServiceOptions = {}): Promise<StreamServices> => {
  const redis = await startRedis(options);
  const rest = await createRedisRest({ redisUrls: [redis.url], token: REST_TOKEN });
  const admin = new Redis(redis.url, { protocol: 2, retryStrategy: () => 50, maxRetriesPerRequest: null });
  admin.on("error", () => undefined);
  return {
    redis,
    rest,
    admin,
    stop: async () => {
      admin.disconnect();
      await rest.stop();
      await redis.stop();
    },
  };
};

export const restTransport = ({ url }: { readonly url: string }): Transport =>
  createRestTransport({ url, token: REST_TOKEN });

let namespaces = 0;
/** Every test has its own keys. */
export const freshNamespace = (): string => `t${process.pid}-${Date.now().toString(36)}-${namespaces++}`;

/** Whom a namespace's Redis is of in these tests. */
export const installationOf = (namespace: string): Installation => ({
  id: `of-${namespace}`,
  namespace,
  shards: SHARDS,
});
/** A part of it, which has to ask Redis yet. */
export const belongingTo = (namespace: string): Belonging => createBelonging({ namespace, shards: SHARDS });
/** As the owner of each shard does it that has found nothing to restore and nothing to drain. */
export const openShards = async ({ transport }: RedisServer, namespace: string, shards: number): Promise<void> => {
  const keys = Array.from({ length: shards }, (_, shard) => ["del", `{${namespace}:${shard}}:diverted`] as const);
  await transport.send(keys, 30_000);
};

/** As a relay does it, and its shards' owners. */
export const recordInstallation = async (server: RedisServer, namespace: string): Promise<Installation> => {
  const keeper = createRedisInstallation(server.transport, namespace);
  const installation = await keeper.record(installationOf(namespace), 30_000);
  await openShards(server, namespace, SHARDS);
  return installation;
};

export const limitsOf = (limits: Partial<StreamLimits> = {}): StreamLimits => ({
  dedupWindowSeconds: 3600,
  backlogEventsMax: 1_000_000,
  backlogBytesMax: 1_000_000_000,
  ...limits,
});

export type OpenedStream = StreamSubject & {
  readonly tier: StreamTier;
  readonly server: RedisServer;
  readonly namespace: string;
};

/** Puts another entry in the place of the stream's only one, as if it had been written so. */
export const replaceEntry = async (
  redis: Redis | Cluster,
  key: string,
  change: (fields: readonly string[]) => readonly string[],
): Promise<void> => {
  const [entry] = await redis.xrange(key, "-", "+");
  const [id, fields] = entry as [string, string[]];
  await redis.xdel(key, id);
  await redis.xsetid(key, "0-0");
  await redis.xadd(key, id, ...change(fields));
};

/** Another event of the shard's only entry is skipped now than was. */
export const damageSkip = (redis: Redis | Cluster, namespace: string, shard: number): Promise<void> =>
  replaceEntry(redis, `{${namespace}:${shard}}:stream`, (fields) => fields.with(3, "2:1"));

/** The write half over HTTP and the read half over TCP, on an empty namespace unless one is given. */
export const openStream = async (
  services: Pick<StreamServices, "redis" | "rest" | "admin">,
  limits: Partial<StreamLimits> = {},
  namespace = freshNamespace(),
): Promise<OpenedStream> => {
  const server = connectRedis({ url: services.redis.url });
  await recordInstallation(server, namespace);
  const belonging = belongingTo(namespace);
  const all = limitsOf(limits);
  return {
    namespace,
    server,
    tier: createStreamTier({ transport: restTransport(services.rest), namespace, belonging, limits: all }),
    stream: createShardStream({ redis: server, namespace, belonging, limits: all }),
    leases: createLeases({ redis: server, namespace }),
    damageMetadata: (shard) => damageSkip(services.admin, namespace, shard),
    close: async () => server.close(),
  };
};
