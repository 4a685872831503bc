import { Unavailable } from "@spillway/event";
import { Cluster, type Redis } from "ioredis";
import type { Client, RedisServer } from "./connection.ts";
import { checkNamespace, metaKey, relaysKey, shardKeys } from "./keys.ts";
import { parseLeaseValue } from "./lease-value.ts";
import { SHARDS_FIELD } from "./meta.ts";
import { runScript } from "./script.ts";
import { inspectScript } from "./scripts.ts";
import { judgeSettings, settingNames, settingsOf } from "./settings.ts";

/** One shard as of one moment. Ages are by the server's clock. */
export type ShardView = {
  readonly shard: number;
  readonly epoch: string | null;
  readonly entries: number;
  readonly backlogEvents: number;
  /** Chunks as stored (base64). */
  readonly backlogBytes: number;
  /** Since the oldest entry was appended; null when there is none. */
  readonly oldestAgeMs: number | null;
  readonly accepted: number;
  readonly duplicate: number;
  readonly relayed: number;
  readonly dead: number;
  readonly lease: { readonly owner: string; readonly token: number; readonly ttlMs: number } | null;
  /** How long the shard has been diverted; null when it is not. */
  readonly divertedForMs: number | null;
  readonly dedupKeys: number;
};

/** A shard that could not be read is unknown, which is not the same as empty. */
export type ShardInspection =
  | { readonly kind: "known"; readonly view: ShardView }
  | { readonly kind: "unknown"; readonly shard: number; readonly code: string };

/** Of all masters together: in a cluster, bytes are sums. */
export type ServerView = {
  readonly warnings: readonly string[];
  /** Names of settings that the server did not tell. */
  readonly unknown: readonly string[];
  readonly usedBytes: number | null;
  /** Null when unknown or unlimited. */
  readonly bytesMax: number | null;
  readonly recordedShards: number | null;
  /** Owners that announced themselves and have not expired. */
  readonly relays: readonly string[];
};

export type StreamInspection = {
  /** Never rejects: what does not answer is `unknown`. */
  shard(shard: number): Promise<ShardInspection>;
  /** Rejects with `Unavailable`. */
  server(): Promise<ServerView>;
};

const ageOf = (nowMs: number, sinceMs: string): number | null =>
  sinceMs === "" ? null : Math.max(0, nowMs - Number(sinceMs));

const viewOf = (shard: number, reply: unknown): ShardView => {
  if (!Array.isArray(reply) || reply.length !== 13) throw new Unavailable("odd_reply");
  const [nowMs, entries, oldest, epoch, accepted, duplicate, relayed, dead, backlogBytes] = reply;
  const [lease, ttlMs, diverted, dedupKeys] = reply.slice(9);
  const leased = parseLeaseValue(String(lease));
  return {
    shard,
    epoch: epoch === "" ? null : String(epoch),
    entries,
    backlogEvents: Math.max(0, accepted - relayed - dead),
    backlogBytes,
    oldestAgeMs: ageOf(nowMs, String(oldest).split("-")[0] as string),
    accepted,
    duplicate,
    relayed,
    dead,
    lease: leased && { ...leased, ttlMs },
    divertedForMs: ageOf(nowMs, String(diverted)),
    dedupKeys,
  };
};

const mastersOf = (client: Client): readonly Redis[] => (client instanceof Cluster ? client.nodes("master") : [client]);

/** An error reply (no right to CONFIG, unknown command) means unknown; a broken connection is no answer at all. */
const orNull = async <T>(reply: Promise<T>): Promise<T | null> => {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof Error && error.name === "ReplyError") return null;
    throw error;
  }
};

const infoNumber = (info: string | null, name: string): number | null => {
  const found = info?.match(new RegExp(`^${name}:(\\d+)`, "m"));
  return found ? Number(found[1]) : null;
};

const sum = (numbers: readonly (number | null)[]): number | null =>
  numbers.reduce((total, number) => (total === null || number === null ? null : total + number), 0);

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

const masterView = async (master: Redis) => {
  const [config, memory] = await Promise.all([
    orNull(master.call("config", "GET", ...settingNames)),
    orNull(master.info("memory")),
  ]);
  return {
    ...judgeSettings(settingsOf(config), settingNames),
    usedBytes: infoNumber(memory, "used_memory"),
    bytesMax: infoNumber(memory, "maxmemory") || null,
  };
};

const serverView = async (client: Client, namespace: string): Promise<ServerView> => {
  const [masters, recorded, time, members] = await Promise.all([
    Promise.all(mastersOf(client).map(masterView)),
    client.hget(metaKey(namespace), SHARDS_FIELD),
    client.time(),
    client.zrange(relaysKey(namespace), "0", "-1", "WITHSCORES"),
  ]);
  const nowMs = Number(time[0]) * 1000;
  return {
    warnings: unique(masters.flatMap(({ warnings }) => warnings)),
    unknown: unique(masters.flatMap(({ unknown }) => unknown)),
    usedBytes: sum(masters.map(({ usedBytes }) => usedBytes)),
    bytesMax: sum(masters.map(({ bytesMax }) => bytesMax)),
    recordedShards: recorded === null ? null : Number(recorded),
    relays: members.filter((_, at) => at % 2 === 0 && Number(members[at + 1]) > nowMs).sort(),
  };
};

/** Looks and changes nothing. */
export const createStreamInspection = (redis: RedisServer, namespace: string): StreamInspection => {
  checkNamespace(namespace);
  return {
    async shard(shard) {
      const keys = shardKeys(namespace, shard);
      const all = [keys.stream, ...keys.dedup, keys.count, keys.diverted, keys.lease];
      try {
        return { kind: "known", view: viewOf(shard, await runScript(redis.commands, inspectScript, all, [])) };
      } catch (error) {
        if (error instanceof Unavailable) return { kind: "unknown", shard, code: error.code };
        throw error;
      }
    },
    server: () => redis.commands.send((client) => serverView(client, namespace)),
  };
};
