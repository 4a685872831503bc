import type { TierPromise } from "@spillway/event";

/** What a Redis says about the settings that our promises rest on: every value that one of its servers has; absent where none said. */
export type Settings = Readonly<Record<string, readonly string[]>>;

type Requirement = { readonly name: string; readonly value: string; readonly otherwise: string };

const requirements: readonly Requirement[] = [
  { name: "maxmemory-policy", value: "noeviction", otherwise: "a full Redis silently deletes accepted events" },
  { name: "appendonly", value: "yes", otherwise: "accepted events are only in memory" },
  { name: "appendfsync", value: "always", otherwise: "a crash loses the accepted events of the last seconds" },
  { name: "no-appendfsync-on-rewrite", value: "no", otherwise: "a crash during an AOF rewrite loses accepted events" },
];

export const settingNames: readonly string[] = requirements.map(({ name }) => name);

export type Judged = {
  /** Settings that break the promise, in words. */
  readonly warnings: readonly string[];
  /** Those that the server did not tell (Upstash forbids CONFIG), which is no warning. */
  readonly unknown: readonly string[];
  readonly promise: TierPromise;
};

const REWRITE = "aof_rewrite_in_progress";

const promiseOf = (broken: readonly string[], unknown: readonly string[], isRewriting: boolean): TierPromise => {
  if (broken.length > 0) return { state: "broken", because: broken };
  if (isRewriting) return { state: "mending", because: [REWRITE] };
  return unknown.length > 0 ? { state: "unknown", because: unknown } : { state: "kept" };
};

/** Reads the reply of INFO persistence, of one server or several. */
export const isRewriting = (info: unknown): boolean => String(info).includes(`${REWRITE}:1`);

/** One server of a cluster that is weak breaks the promise: some shard is on it. */
export const judgeSettings = (settings: Settings, rewriting: boolean): Judged => {
  const wrong = requirements.map((one) => ({
    ...one,
    values: settings[one.name]?.filter((is) => is !== one.value) ?? [],
  }));
  const broken = wrong.filter(({ values }) => values.length > 0);
  const unknown = settingNames.filter((name) => settings[name] === undefined);
  return {
    warnings: broken.map(({ name, values, value, otherwise }) => `${name} is ${values[0]}, not ${value}: ${otherwise}`),
    unknown,
    promise: promiseOf(
      broken.map(({ name }) => name),
      unknown,
      rewriting,
    ),
  };
};

/** Reads flat `[name, value, …]` replies of CONFIG GET, one server's behind the other's; whatever else it is, nothing is known. */
export const settingsOf = (reply: unknown): Settings => {
  const settings: Record<string, readonly string[]> = {};
  if (!Array.isArray(reply)) return settings;
  for (let at = 0; at + 1 < reply.length; at += 2) {
    const [name, value] = [reply[at], reply[at + 1]];
    if (typeof name !== "string" || typeof value !== "string" || !settingNames.includes(name)) continue;
    settings[name] = [...(settings[name] ?? []), value];
  }
  return settings;
};
