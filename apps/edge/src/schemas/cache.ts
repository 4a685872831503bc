import {
  type Clock,
  errorName,
  type SchemaMode,
  type SchemaStore,
  type TypeSchemas,
  Unavailable,
} from "@spillway/event";
import { type Check, createCheck, readSchema } from "@spillway/schemas";
import type { Log } from "@spillway/telemetry";

/** What is registered is known to an edge so long after, at the latest, and the look's own time. */
const LOOK_APART_MS = 2_000;
const LOOK_DEADLINE_MS = 2_000;
/** So many looks ask what has changed, then one asks for all: where Postgres went back nobody could say what has changed since. */
const LOOKS_PER_WHOLE = 30;

export type KnownVersion = {
  readonly id: number;
  readonly version: number;
  readonly schema: string;
  /** Made when it is first needed. Null: this edge cannot read it, a newer one could. */
  readonly check: () => Check | null;
};

export type KnownType = {
  readonly type: string;
  readonly mode: SchemaMode;
  readonly versions: readonly KnownVersion[];
  readonly latest: KnownVersion;
};

/** `unknown`: nobody has answered since the start. `behind`: what was known before is what is gone by. */
type CacheState = "unknown" | "current" | "behind";

const checkOf = (schema: string): Check | null => {
  const read = readSchema(JSON.parse(schema));
  return read.kind === "ok" ? createCheck(read.schema) : null;
};

const knownVersion = ({ id, version, schema }: TypeSchemas["versions"][number]): KnownVersion => {
  let check: Check | null | undefined;
  return {
    id,
    version,
    schema,
    check: () => {
      if (check === undefined) check = checkOf(schema);
      return check;
    },
  };
};

/** All schemas, in memory, as they were a few seconds ago. `types` are all that have any. */
export const createSchemaCache = (store: SchemaStore, { clock, log }: { readonly clock: Clock; readonly log: Log }) => {
  let types = new Map<string, KnownType>();
  let state: CacheState = "unknown";
  let change = 0;
  let looks = 0;
  let looking: Promise<void> = Promise.resolve();

  const learn = ({ type, mode, versions }: TypeSchemas): void => {
    const before = types.get(type)?.versions ?? [];
    const all = versions.map(
      (one) => before.find(({ id, schema }) => id === one.id && schema === one.schema) ?? knownVersion(one),
    );
    const latest = all.at(-1);
    if (latest !== undefined) types.set(type, { type, mode, versions: all, latest });
  };

  /** In the state that follows; what changes it is told, once. */
  const become = (next: CacheState, error?: string): void => {
    if (next === state && looks > 0) return;
    if (error !== undefined) log("warn", "schemas.unavailable", { error });
    else if (state !== "current") log("info", "schemas.current", { types: types.size });
    state = next;
  };

  const look = async (): Promise<void> => {
    const isWhole = state === "unknown" || looks % LOOKS_PER_WHOLE === 0;
    try {
      let found = await store.changesSince(isWhole ? 0 : change, LOOK_DEADLINE_MS);
      const wentBack = found.change < change;
      if (wentBack && !isWhole) found = await store.changesSince(0, LOOK_DEADLINE_MS);
      if (wentBack || isWhole) {
        const kept = new Set(found.changed.map(({ type }) => type));
        types = new Map([...types].filter(([type]) => kept.has(type)));
      }
      for (const schemas of found.changed) learn(schemas);
      change = found.change;
      become("current");
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      become(state === "unknown" ? "unknown" : "behind", error.code);
    } finally {
      looks++;
    }
  };

  /** One after the other: an answer that was asked for earlier must not come over a later one's. */
  const lookNext = (): Promise<void> => {
    looking = looking.then(look).catch((error: unknown) => {
      log("error", "schemas.threw", { error: errorName(error) });
    });
    return looking;
  };

  return {
    /** Resolves when the store has answered once, or has not in time. */
    start: async (stopping: AbortSignal): Promise<void> => {
      await lookNext();
      void (async () => {
        for (;;) {
          await clock.sleep(LOOK_APART_MS, stopping);
          if (stopping.aborted) return;
          await lookNext();
        }
      })();
    },
    /** What somebody has changed here is known here when this resolves, if the store answers. */
    look: lookNext,
    isKnown: (): boolean => state !== "unknown",
    find: (type: string): KnownType | undefined => types.get(type),
    all: (): readonly KnownType[] => [...types.values()],
  };
};

export type SchemaCache = ReturnType<typeof createSchemaCache>;
