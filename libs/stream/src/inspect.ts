import { type StreamLook, Unavailable } from "@spillway/event";
import { type AheadOptions, createAhead } from "./ahead.ts";
import { createNonces } from "./append.ts";
import type { RedisServer } from "./connection.ts";
import { createFind, type FindOptions } from "./find.ts";
import { createShardScript, unavailableBy } from "./joint-question.ts";
import { askSettings } from "./judge.ts";
import { checkNamespace, shardKeys } from "./keys.ts";
import { parseLeaseValue } from "./lease-value.ts";
import { inspectScript } from "./scripts.ts";
import type { Judged } from "./settings.ts";

/** One shard as of one moment. Ages are by the server's clock. */
export type ShardView = {
  readonly shard: number;
  readonly backlogEvents: number;
  /** Chunks as stored (base64). */
  readonly backlogBytes: number;
  /** Since the oldest entry was appended; null when there is none. */
  readonly oldestAgeMs: number | null;
  readonly relayed: number;
  readonly dead: number;
  /** Every event that left the stream to be parked, whatever became of it since. */
  readonly parked: number;
  /** Who has the lease. */
  readonly owner: string | null;
  /** How long the shard has been diverted; null when it is not. */
  readonly divertedForMs: number | null;
};

/** A shard that could not be read is unknown, which is not the same as empty. */
export type ShardInspection =
  | { readonly kind: "known"; readonly view: ShardView }
  | { readonly kind: "unknown"; readonly shard: number; readonly code: string };

export type StreamInspection = {
  /** Never rejects: what does not answer is `unknown`. */
  shard(shard: number): Promise<ShardInspection>;
  /** Of all masters together. Rejects with `Unavailable`. */
  server(): Promise<Judged>;
};

/** How long Redis has to tell its settings. */
const ASK_MS = 2_000;

const ageOf = (nowMs: number, sinceMs: string): number | null =>
  sinceMs === "" ? null : Math.max(0, nowMs - Number(sinceMs));

const viewOf = (shard: number, reply: unknown): ShardView => {
  if (Array.isArray(reply) && reply.length === 1) throw unavailableBy(reply[0]);
  if (!Array.isArray(reply) || reply.length !== 9) throw new Unavailable("odd_reply");
  const [nowMs, oldest, accepted, relayed, dead, backlogBytes, lease, diverted, parked] = reply;
  return {
    shard,
    backlogEvents: Math.max(0, accepted - relayed - dead - parked),
    backlogBytes,
    oldestAgeMs: ageOf(nowMs, String(oldest).split("-")[0] as string),
    relayed,
    dead,
    parked,
    owner: parseLeaseValue(String(lease))?.owner ?? null,
    divertedForMs: ageOf(nowMs, String(diverted).split(" ")[0] as string),
  };
};

/** Where one event is, for who has no tier. */
export const createStreamLook = (
  { transport }: Pick<RedisServer, "transport">,
  options: Omit<FindOptions, "nonceOf">,
): StreamLook => createFind(transport, { ...options, nonceOf: createNonces() });

/** How many events are before one that waits in a stream. */
export const createStreamAhead = (
  { transport }: Pick<RedisServer, "transport">,
  options: Omit<AheadOptions, "nonceOf">,
) => createAhead(transport, { ...options, nonceOf: createNonces() });

/** Looks and changes nothing. */
export const createStreamInspection = (redis: RedisServer, namespace: string): StreamInspection => {
  checkNamespace(namespace);
  const inspect = createShardScript(redis.commands, inspectScript, {
    head: 0,
    keysOf: (shard) => {
      const { stream, count, diverted, lease } = shardKeys(namespace, shard);
      return [stream, count, diverted, lease];
    },
    read: (reply) => reply,
  });
  return {
    async shard(shard) {
      try {
        return { kind: "known", view: viewOf(shard, await inspect(shard)) };
      } catch (error) {
        if (error instanceof Unavailable) return { kind: "unknown", shard, code: error.code };
        throw error;
      }
    },
    server: () => askSettings(redis.transport, ASK_MS),
  };
};
