import {
  type Entry,
  type ParkedMark,
  type ShardChunk,
  type ShardCounts,
  type ShardStream,
  type Total,
  Unavailable,
} from "@spillway/event";
import {
  type AppendSetup,
  appendAgreed,
  appendCall,
  appendedOf,
  askRedis,
  checkSetup,
  createNonces,
  oddReply,
  retriable,
} from "./append.ts";
import type { Connection, RedisServer } from "./connection.ts";
import { entryOf } from "./entry.ts";
import { createRedisInstallation } from "./installation.ts";
import { askSettings } from "./judge.ts";
import { shardKeys } from "./keys.ts";
import { leaseValue } from "./lease-value.ts";
import { runScript } from "./script.ts";
import {
  appendScript,
  birthScript,
  countsScript,
  divertScript,
  forgetScript,
  inspectScript,
  missingScript,
  parkScript,
  settleScript,
} from "./scripts.ts";

export type ShardStreamOptions = AppendSetup & { readonly redis: RedisServer };

/** How much longer than asked a blocking read may take before its connection counts as dead; ms. */
const WATCHDOG_MS = 2000;
/** How long Redis has to say whose it is, and what it promises. */
const ASK_MS = 2000;
const ENTRY_REF = /^\d{1,20}-\d{1,20}( [!-~]{0,44})?$/;
const entriesOf = (reply: unknown): readonly Entry[] => {
  if (reply === null) return [];
  const [stream] = reply as [[Buffer, unknown[]]];
  return stream[1].map((item) => entryOf(item as [Buffer, Buffer[]]));
};

const read = (connection: Connection, key: string, after: string, entriesMax: number, waitMs: number) => {
  // BLOCK 0 means for ever.
  const block = waitMs >= 1 ? ["BLOCK", Math.ceil(waitMs)] : [];
  const words = ["COUNT", entriesMax, ...block, "STREAMS", key, after];
  return connection.send((client) => client.callBuffer("xread", ...words), waitMs + WATCHDOG_MS);
};

const statusOf = (status: unknown): "ok" | "fenced" => {
  if (status === "OK") return "ok";
  if (status === "FENCED") return "fenced";
  throw new Unavailable("odd_reply");
};

/** Says that somebody has looked whether there are any; no topic is called so. */
const LOOKED = "*";

const marksOf = (values: Readonly<Record<string, string>>): readonly ParkedMark[] | null => {
  if (values[LOOKED] === undefined) return null;
  const marks = Object.entries(values).filter(([topic]) => topic !== LOOKED);
  return marks.map(([topic, sinceMs]) => ({ topic, sinceMs: Number(sinceMs) }));
};

const countsOf = (reply: unknown): ShardCounts => {
  const [exists, entries, flat] = Array.isArray(reply) ? reply : [];
  if (!Array.isArray(flat)) throw new Unavailable("odd_reply");
  const fields = new Map<string, string>();
  for (let i = 0; exists === 1 && i < flat.length; i += 2) fields.set(String(flat[i]), String(flat[i + 1]));
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  const totals = [...fields].flatMap(([name, total]): Total[] =>
    /^[wo]:/.test(name) ? [[name.slice(2), Number(total)]] : [],
  );
  return {
    epoch: fields.get("epoch") ?? null,
    accepted: number("accepted"),
    duplicate: number("duplicate"),
    relayed: number("relayed"),
    dead: number("dead"),
    parked: number("parked"),
    backlogBytes: number("bytes"),
    totals,
    isEmpty: exists === 1 && entries === 0,
  };
};

const oldestOf = (reply: unknown): { readonly nowMs: number; readonly oldestAtMs: number | null } => {
  const [nowMs, oldest] = Array.isArray(reply) ? reply : [];
  if (typeof nowMs !== "number" || typeof oldest !== "string") throw new Unavailable("odd_reply");
  return { nowMs, oldestAtMs: oldest === "" ? null : Number(oldest.split("-")[0]) };
};

const readCounts = async (connection: Connection, namespace: string, shard: number): Promise<ShardCounts> => {
  const { stream, count } = shardKeys(namespace, shard);
  return countsOf(await runScript(connection, countsScript, [stream, count], []));
};

const divert = async (
  redis: RedisServer,
  namespace: string,
  shard: number,
  values: readonly string[],
): Promise<readonly [status: string, stamp: string]> => {
  const { diverted, lease, count } = shardKeys(namespace, shard);
  const reply = await runScript(redis.commands, divertScript, [diverted, lease, count], values);
  if (!Array.isArray(reply) || reply.length !== 2) throw new Unavailable("odd_reply");
  return [String(reply[0]), String(reply[1])];
};

/** One connection per shard, so that a read that blocks holds up nobody. */
const createReaders = (redis: RedisServer) => {
  const readers = new Map<number, Connection>();
  return (shard: number): Connection => {
    const reader = readers.get(shard) ?? redis.open();
    readers.set(shard, reader);
    return reader;
  };
};

/**
 * The relay's side over TCP. One outstanding `read` per shard, each on the shard's own connection, which the first one
 * opens; they live until the server's `close`. Throws `TypeError` for options that no server could serve.
 */
export const createShardStream = (options: ShardStreamOptions): ShardStream => {
  const { redis, namespace, belonging } = options;
  checkSetup(options);
  const readerOf = createReaders(redis);
  const nonceOf = createNonces();
  const installation = createRedisInstallation(redis.transport, namespace);
  return {
    async read(shard, after, entriesMax, waitMs) {
      const { stream } = shardKeys(namespace, shard);
      return entriesOf(await read(readerOf(shard), stream, after, entriesMax, waitMs));
    },
    async settle(lease, { entries, relayed, parked = 0 }) {
      if (!entries.every((ref) => ENTRY_REF.test(ref))) throw new TypeError("settle: an entry's ref is not like 1-0");
      const { stream, count, lease: key } = shardKeys(namespace, lease.shard);
      const values = [leaseValue(lease), relayed, parked, ...entries];
      return statusOf(await runScript(redis.commands, settleScript, [stream, count, key], values));
    },
    async divert(lease) {
      const values = ["begin", leaseValue(lease), nonceOf()];
      const [status, stamp] = await divert(redis, namespace, lease.shard, values);
      return statusOf(status) === "ok" ? { kind: "diverted", stamp } : { kind: "fenced" };
    },
    diversion: (shard) => redis.commands.send((client) => client.get(shardKeys(namespace, shard).diverted)),
    async endDiversion(lease, stamp) {
      const [status] = await divert(redis, namespace, lease.shard, ["end", leaseValue(lease), stamp]);
      return status === "RENEWED" ? "renewed" : statusOf(status);
    },
    async park(lease, topics, begin) {
      const keys = shardKeys(namespace, lease.shard);
      const values = [leaseValue(lease), begin ? 1 : 0, ...topics];
      return statusOf(await runScript(redis.commands, parkScript, [keys.parked, keys.lease], values));
    },
    parked: async (shard) => {
      const { parked } = shardKeys(namespace, shard);
      return marksOf(await redis.commands.send((client) => client.hgetall(parked)));
    },
    async append(lease, chunk) {
      const value = leaseValue(lease);
      const append = async (chunks: readonly ShardChunk[], asked: boolean) => {
        const call = appendCall(options, chunks, { nonce: nonceOf(), leaseValue: value, asked });
        return appendedOf(await runScript(redis.commands, appendScript, call.keys, call.values), call);
      };
      try {
        const [answer] = await appendAgreed([chunk], append, () => askRedis(belonging, installation, ASK_MS));
        return answer ?? oddReply;
      } catch (error) {
        if (error instanceof Unavailable) return retriable(error.code);
        throw error;
      }
    },
    birth: async (shard) => {
      const { count } = shardKeys(namespace, shard);
      const reply = await runScript(redis.commands, birthScript, [count], []);
      const [server, epoch] = Array.isArray(reply) ? reply : [];
      if (typeof server !== "string" || typeof epoch !== "string") throw new Unavailable("odd_reply");
      return { server, epoch };
    },
    missing: async (shard, dedupKeys) => {
      const { dedup } = shardKeys(namespace, shard);
      const values = [options.limits.dedupWindowSeconds, dedupKeys];
      const missing = await runScript(redis.commands, missingScript, dedup, values);
      if (typeof missing !== "number") throw new Unavailable("odd_reply");
      return missing;
    },
    oldest: async (shard) => {
      const { stream, count, diverted, lease } = shardKeys(namespace, shard);
      const reply = await runScript(redis.commands, inspectScript, [stream, count, diverted, lease], []);
      return oldestOf(reply);
    },
    counts: (shard) => readCounts(redis.commands, namespace, shard),
    async forget(lease, writers) {
      const { count, lease: key } = shardKeys(namespace, lease.shard);
      return statusOf(await runScript(redis.commands, forgetScript, [count, key], [leaseValue(lease), ...writers]));
    },
    promise: async () => (await askSettings(redis.transport, ASK_MS)).promise,
  };
};
