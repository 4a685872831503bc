import { type ShardCounts, type Total, Unavailable } from "@spillway/event";
import type { RedisServer } from "./connection.ts";
import { createShardScript, unavailableBy } from "./joint-question.ts";
import { shardKeys } from "./keys.ts";
import { lookScript } from "./scripts.ts";

/** What look.lua says of a shard, all as of one moment. */
export type Looked = { readonly server: string; readonly counts: ShardCounts; readonly stamp: string | null };

const countsOf = (exists: unknown, entries: unknown, flat: readonly unknown[]): ShardCounts => {
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

const lookedOf = (reply: unknown, [server]: readonly unknown[]): Looked => {
  const [status, exists, entries, flat, stamp] = Array.isArray(reply) ? (reply as unknown[]) : [];
  if (status === "ERROR") throw unavailableBy(exists);
  if (status !== "OK" || !Array.isArray(flat) || typeof stamp !== "string" || typeof server !== "string")
    throw new Unavailable("odd_reply");
  return { server, counts: countsOf(exists, entries, flat), stamp: stamp === "" ? null : stamp };
};

/** What is asked for in one turn, of whichever shards, is one command. */
export const createLook = (redis: RedisServer, namespace: string): ((shard: number) => Promise<Looked>) =>
  createShardScript(redis.commands, lookScript, {
    head: 1,
    keysOf: (shard) => {
      const { stream, count, diverted } = shardKeys(namespace, shard);
      return [stream, count, diverted];
    },
    read: lookedOf,
  });
