import {
  connectRedis,
  createRestTransport,
  createShardStream,
  createStreamTier,
  type Transport,
} from "@spillway/stream";
import type { Redis } from "ioredis";
import type { FailingLimits, FailingSubject, ServerFault } from "../conformance/failing-tier.ts";
import {
  belongingTo,
  freshNamespace,
  limitsOf,
  REST_TOKEN,
  recordInstallation,
  type StreamServices,
} from "./services.ts";

type Turn = { begin(): Promise<unknown>; end(): Promise<unknown> };

const turns = ({ redis, admin }: StreamServices): Readonly<Record<ServerFault, Turn>> => {
  const setting = (name: string, bad: string, good: string): Turn => ({
    begin: () => admin.config("SET", name, bad),
    end: () => admin.config("SET", name, good),
  });
  const asked = (begin: (admin: Redis) => Promise<unknown>, end: (admin: Redis) => Promise<unknown>): Turn => ({
    begin: () => begin(admin),
    end: () => end(admin),
  });
  return {
    frozen: { begin: () => redis.kill("SIGSTOP"), end: () => redis.kill("SIGCONT") },
    gone: { begin: () => redis.kill("SIGKILL"), end: () => redis.restart() },
    "out of memory": setting("maxmemory", "1", "0"),
    "a replica": asked(
      (it) => it.replicaof("127.0.0.1", "1"),
      (it) => it.replicaof("NO", "ONE"),
    ),
    "forbidden to run scripts": asked(
      (it) => it.call("ACL", "SETUSER", "default", "-evalsha", "-eval"),
      (it) => it.call("ACL", "SETUSER", "default", "+@all"),
    ),
    "waiting for a replica": setting("min-replicas-to-write", "1", "0"),
  };
};

type Addresses = { readonly redis: { readonly url: string }; readonly rest: { readonly url: string } };
type OpenWay = (at: Addresses) => { readonly transport: Transport; close(): void };

/** Each way of an edge to Redis. What is opened is closed by `close`. */
export const ways = {
  HTTP: ({ rest }) => ({
    transport: createRestTransport({ url: rest.url, token: REST_TOKEN }),
    close: () => undefined,
  }),
  TCP: ({ redis }) => connectRedis({ url: redis.url, connectionName: "edge-of-the-tests" }),
} as const satisfies Readonly<Record<string, OpenWay>>;
export type Way = keyof typeof ways;
export const wayNames: readonly Way[] = ["HTTP", "TCP"];

/** The first tier on a namespace of its own, with its server to break. */
export const openFailing = async (
  services: StreamServices,
  over: Way,
  limits: Partial<FailingLimits> = {},
): Promise<FailingSubject> => {
  const namespace = freshNamespace();
  const relay = connectRedis({ url: services.redis.url });
  await recordInstallation(relay, namespace);
  const setup = { namespace, belonging: belongingTo(namespace), limits: limitsOf(limits) };
  const { transport, close } = ways[over](services);
  const stream = createShardStream({ redis: relay, ...setup });
  const faults = turns(services);
  return {
    tier: createStreamTier({ transport, ...setup }),
    stored: (shard) => stream.read(shard, "0", 100_000, 0),
    begin: async (fault) => void (await faults[fault].begin()),
    end: async (fault) => void (await faults[fault].end()),
    spoil: async (shard) => void (await services.admin.rpush(`{${namespace}:${shard}}:stream`, "of another type")),
    forgetScripts: async () => void (await services.admin.script("FLUSH")),
    divert: async (shard) => void (await services.admin.set(`{${namespace}:${shard}}:diverted`, "1 relay")),
    close: async () => {
      close();
      relay.close();
    },
  };
};
