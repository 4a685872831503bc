import { type ParkedMarks, type ShardChunk, type ShardStream, Unavailable } from "@spillway/event";
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
import type { RedisServer } from "./connection.ts";
import { createRedisInstallation } from "./installation.ts";
import { askSettings } from "./judge.ts";
import { shardKeys } from "./keys.ts";
import { leaseValue } from "./lease-value.ts";
import { createLook } from "./look.ts";
import { createReads } from "./reads.ts";
import { runScript } from "./script.ts";
import {
  appendScript,
  divertScript,
  forgetScript,
  inspectScript,
  marksScript,
  missingScript,
  parkScript,
  settleScript,
} from "./scripts.ts";

export type ShardStreamOptions = AppendSetup & { readonly redis: RedisServer };

/** How long Redis has to say whose it is, and what it promises. */
const ASK_MS = 2000;
const ENTRY_REF = /^\d{1,20}-\d{1,20}( [!-~]{0,44})?$/;

const statusOf = (status: unknown): "ok" | "fenced" => {
  if (status === "OK") return "ok";
  if (status === "FENCED") return "fenced";
  throw new Unavailable("odd_reply");
};

/** Names the server that was told all of them; no topic is called so. */
const TOLD = "*";

const marksOf = (reply: unknown): ParkedMarks => {
  const [server, flat] = Array.isArray(reply) ? (reply as unknown[]) : [];
  if (typeof server !== "string" || !Array.isArray(flat)) throw new Unavailable("odd_reply");
  const names = flat.filter((_, i) => i % 2 === 0).map(String);
  const told = names.includes(TOLD) ? String(flat[names.indexOf(TOLD) * 2 + 1]) : null;
  return {
    topics: names.filter((name) => name !== TOLD),
    told: told === null ? "nobody" : told === server ? "this-server" : "another",
  };
};

const oldestOf = (reply: unknown): { readonly nowMs: number; readonly oldestAtMs: number | null } => {
  const [nowMs, oldest] = Array.isArray(reply) ? reply : [];
  if (typeof nowMs !== "number" || typeof oldest !== "string") throw new Unavailable("odd_reply");
  return { nowMs, oldestAtMs: oldest === "" ? null : Number(oldest.split("-")[0]) };
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

/**
 * The relay's side over TCP. One outstanding `read` per shard. Connections live until the server's `close`. Throws `TypeError` for options that no server could serve.
 */
export const createShardStream = (options: ShardStreamOptions): ShardStream => {
  const { redis, namespace, belonging } = options;
  checkSetup(options);
  const readOf = createReads(redis);
  const look = createLook(redis, namespace);
  const nonceOf = createNonces();
  const installation = createRedisInstallation(redis.transport, namespace);
  return {
    async read(shard, after, entriesMax, waitMs) {
      return await readOf(shard, shardKeys(namespace, shard).stream, after, entriesMax, waitMs);
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
    diversion: async (shard) => (await look(shard)).stamp,
    async endDiversion(lease, stamp) {
      const [status] = await divert(redis, namespace, lease.shard, ["end", leaseValue(lease), stamp]);
      return status === "RENEWED" ? "renewed" : statusOf(status);
    },
    async park(lease, topics, as) {
      const keys = shardKeys(namespace, lease.shard);
      const values = [leaseValue(lease), as, ...topics];
      return statusOf(await runScript(redis.commands, parkScript, [keys.parked, keys.lease], values));
    },
    parked: async (shard) => {
      const { parked } = shardKeys(namespace, shard);
      return marksOf(await runScript(redis.commands, marksScript, [parked], []));
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
      const { server, counts } = await look(shard);
      return { server, epoch: counts.epoch ?? "" };
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
      const replies = await runScript(redis.commands, inspectScript, [stream, count, diverted, lease], []);
      return oldestOf(Array.isArray(replies) ? replies[0] : null);
    },
    counts: async (shard) => (await look(shard)).counts,
    async forget(lease, writers) {
      const { count, lease: key } = shardKeys(namespace, lease.shard);
      return statusOf(await runScript(redis.commands, forgetScript, [count, key], [leaseValue(lease), ...writers]));
    },
    promise: async () => (await askSettings(redis.transport, ASK_MS)).promise,
  };
};
