/** The Redis keys of one shard. One hash tag, so that a script over all of them is single-slot in a cluster. */
export type ShardKeys = {
  readonly stream: string;
  /** One hash per window, in turn: of each key the entry that its event is in (S4). */
  readonly dedup: readonly [string, string, string];
  readonly count: string;
  readonly diverted: string;
  readonly parked: string;
  readonly lease: string;
};

const NAMESPACE = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Throws `TypeError` unless it is 1 to 64 of letters, digits and `_.:-` (braces would move the hash tag). */
export const checkNamespace = (namespace: string): void => {
  if (!NAMESPACE.test(namespace)) throw new TypeError(`namespace ${JSON.stringify(namespace)} must match ${NAMESPACE}`);
};

export const shardKeys = (namespace: string, shard: number): ShardKeys => {
  const tag = `{${namespace}:${shard}}`;
  return {
    stream: `${tag}:stream`,
    dedup: [`${tag}:known:0`, `${tag}:known:1`, `${tag}:known:2`],
    count: `${tag}:count`,
    diverted: `${tag}:diverted`,
    parked: `${tag}:parked`,
    lease: `${tag}:lease`,
  };
};

/** Sorted set: live relays by the end of their announced life. */
export const relaysKey = (namespace: string): string => `${namespace}:relays`;

/** Hash: the `installation` that this namespace is of, and its `shards`. */
export const metaKey = (namespace: string): string => `${namespace}:meta`;

/** Hash: what each edge sees of a producer that has a quota. A slot of its own for each, whichever shards its events go to. */
export const usageKey = (namespace: string, installation: string, name: string): string =>
  `{${namespace}:usage:${name}}:${installation}`;
