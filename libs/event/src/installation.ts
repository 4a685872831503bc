/** One Spillway. Its parts are those with this id, and therefore with one namespace and one number of shards. Never changes. */
export type Installation = { readonly id: string; readonly namespace: string; readonly shards: number };

/** Where the installation stands. */
export type Keeper = "redis" | "postgres";

/** What one keeper has recorded; null: nothing yet. Rejects with `Unavailable`. */
export type InstallationRecord = { read(deadlineMs: number): Promise<Installation | null> };

/** The same, for a relay. */
export type InstallationKeeper = InstallationRecord & {
  /**
   * Records it unless one is there, and answers what is there then; of many at once one is recorded. Redis's diverts all shards
   * before: it has lost what it had, or never had anything. Rejects alike.
   */
  record(installation: Installation, deadlineMs: number): Promise<Installation>;
};

/** Why a keeper must not be used: no relay has written there, as far as we know; or what it says contradicts something. */
export type BelongingRefusal = "no_installation" | "wrong_installation";

/**
 * Whether this process, its Redis and its Postgres are of one installation, as far as they have answered. Only relays write what
 * the keepers say, so whatever is put where our installation stands has a reader: a Redis that a relay never saw, and a
 * database that none drains, hold none.
 */
export type Belonging = {
  /** A keeper answered. What it said last holds while it does not answer. */
  found(keeper: Keeper, installation: Installation | null): void;
  /** What a keeper said last may be true no more: it is asked at the next look. */
  doubt(keeper: Keeper): void;
  /** Whether it was doubted since it answered last. */
  isDoubted(keeper: Keeper): boolean;
  /** What a keeper said last; null where it said that it has none, or nothing. */
  known(keeper: Keeper): Installation | null;
  /** Null: our installation stands there, and nothing contradicts. */
  refusal(keeper: Keeper): BelongingRefusal | null;
  /** What contradicts, as a sentence for the operator that names both values and the settings to look at. */
  mismatch(): string | null;
  /** What to tell the operator about a keeper; null when there is nothing to tell. */
  sentence(keeper: Keeper): string | null;
  /** The id under which Redis takes chunks; "" while it must not be used. */
  mark(): string;
};

const NAMES: Readonly<Record<Keeper, string>> = { redis: "Redis", postgres: "Postgres" };
const SETTINGS: Readonly<Record<Keeper, string>> = {
  redis: "REDIS_URL or UPSTASH_REDIS_REST_URL",
  postgres: "DATABASE_URL",
};

export type Claim = Omit<Installation, "id">;

const contradiction = (keeper: Keeper, ours: Claim, found: Installation): string | null => {
  const there = `${NAMES[keeper]} was set up with`;
  const other = `or ${SETTINGS[keeper]} names another installation's ${NAMES[keeper]}`;
  if (found.namespace !== ours.namespace)
    return `NAMESPACE is ${ours.namespace}, but ${there} ${found.namespace}: set NAMESPACE=${found.namespace}, ${other}`;
  if (found.shards === ours.shards) return null;
  return (
    `SHARDS is ${ours.shards}, but ${there} ${found.shards}, and the order of a key and its dedup keys live in its shard: ` +
    `set SHARDS=${found.shards}, or reshard as libs/stream/README.md says, ${other}`
  );
};

const strangers = (redis: Installation, postgres: Installation | null): string | null => {
  if (redis.id === postgres?.id) return null;
  const is = `Redis (${SETTINGS.redis}) is of installation ${redis.id}, and Postgres (${SETTINGS.postgres}) of`;
  if (postgres !== null) return `${is} ${postgres.id}: one of these settings names another installation's server`;
  return `${is} none: DATABASE_URL names another database, or it was made anew (then see "Made anew" in libs/stream/README.md)`;
};

export const createBelonging = (ours: Claim): Belonging => {
  const seen: Partial<Record<Keeper, Installation | null>> = {};
  const doubted = new Set<Keeper>();
  /** Kept, since it is asked for with every event. */
  let mismatch: string | null = null;

  const judge = (): string | null => {
    const { redis, postgres } = seen;
    const own = (keeper: Keeper) => (seen[keeper] ? contradiction(keeper, ours, seen[keeper]) : null);
    return own("postgres") ?? own("redis") ?? (redis && postgres !== undefined ? strangers(redis, postgres) : null);
  };

  return {
    found: (keeper, installation) => {
      seen[keeper] = installation;
      doubted.delete(keeper);
      mismatch = judge();
    },
    doubt: (keeper) => void doubted.add(keeper),
    isDoubted: (keeper) => doubted.has(keeper),
    known: (keeper) => seen[keeper] ?? null,
    refusal: (keeper) => {
      if (mismatch !== null) return "wrong_installation";
      return seen[keeper] ? null : "no_installation";
    },
    mismatch: () => mismatch,
    sentence: (keeper) => {
      if (mismatch !== null || seen[keeper] !== null) return mismatch;
      return `no relay has been at this ${NAMES[keeper]}: start one, or ${SETTINGS[keeper]} names another one`;
    },
    mark: () => (mismatch === null ? (seen.redis?.id ?? "") : ""),
  };
};
