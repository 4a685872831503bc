import { type Leases, Unavailable } from "@spillway/event";
import { type Asked, createKeep, type Kept } from "./keep.ts";
import { checkNamespace, relaysKey, shardKeys } from "./keys.ts";
import { leaseValue } from "./lease-value.ts";
import { runScript } from "./script.ts";
import { leaseScript, relaysScript } from "./scripts.ts";
import type { ShardStreamOptions } from "./shard-stream.ts";

const OWNER = /^[\x21-\x7e]{1,128}$/;

/** Throws `TypeError` unless it is 1 to 128 printable ASCII characters without a space, which the lease's value uses. */
const checkOwner = (owner: string): void => {
  if (!OWNER.test(owner)) throw new TypeError(`owner ${JSON.stringify(owner)} must match ${OWNER}`);
};

const numberOf = (reply: unknown): number => {
  if (typeof reply !== "number") throw new Unavailable("odd_reply");
  return reply;
};

/** Leases over TCP; all times by the server's clock. */
export const createLeases = ({ redis, namespace }: Pick<ShardStreamOptions, "redis" | "namespace">): Leases => {
  checkNamespace(namespace);
  const relays = async (owner: string, ttlMs: number): Promise<readonly string[]> => {
    checkOwner(owner);
    const reply = await runScript(redis.commands, relaysScript, [relaysKey(namespace)], [owner, Math.ceil(ttlMs)]);
    if (!Array.isArray(reply)) throw new Unavailable("odd_reply");
    return reply.map(String);
  };
  const lease = async (shard: number, operation: string, claim: string, ttlMs: number, above = 0): Promise<number> => {
    const keys = shardKeys(namespace, shard);
    const values = [operation, claim, Math.ceil(ttlMs), above];
    return numberOf(await runScript(redis.commands, leaseScript, [keys.lease, keys.count], values));
  };
  const each =
    (owner: string) =>
    async ({ held, ttlMs }: Asked): Promise<Kept> => {
      if (held === null) return { owners: await relays(owner, ttlMs), isRenewed: false };
      return { owners: [], isRenewed: (await lease(held.shard, "renew", leaseValue(held), ttlMs)) === 1 };
    };
  /** Of each owner: a relay is one, tests may be several. */
  const keeps = new Map<string, (asked: Asked) => Promise<Kept>>();
  const keep = (owner: string, asked: Asked): Promise<Kept> => {
    const ask = keeps.get(owner) ?? createKeep(redis.commands, namespace, owner, each(owner));
    keeps.set(owner, ask);
    return ask(asked);
  };

  return {
    async announce(owner, ttlMs) {
      checkOwner(owner);
      return (await keep(owner, { held: null, ttlMs: Math.max(1, ttlMs) })).owners;
    },
    async withdraw(owner) {
      await relays(owner, 0);
    },
    async take(shard, owner, ttlMs, above) {
      checkOwner(owner);
      const token = await lease(shard, "take", owner, ttlMs, above);
      return token === 0 ? null : { shard, owner, token };
    },
    renew: async (held, ttlMs) => (await keep(held.owner, { held, ttlMs })).isRenewed,
    async release(held) {
      await lease(held.shard, "release", leaseValue(held), 0);
    },
  };
};
