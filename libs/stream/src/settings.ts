/** What a Redis says about the settings that our promises rest on; absent where it did not say. */
export type Settings = Readonly<Record<string, string>>;

type Requirement = { readonly name: string; readonly value: string; readonly otherwise: string };

const requirements: readonly Requirement[] = [
  { name: "maxmemory-policy", value: "noeviction", otherwise: "a full Redis silently deletes accepted events" },
  { name: "appendonly", value: "yes", otherwise: "accepted events are only in memory" },
  { name: "appendfsync", value: "always", otherwise: "a crash loses the accepted events of the last seconds" },
  { name: "no-appendfsync-on-rewrite", value: "no", otherwise: "a crash during an AOF rewrite loses accepted events" },
];

export const settingNames: readonly string[] = requirements.map(({ name }) => name);

/** What a REST server lets an edge ask. */
export const restSettingNames: readonly string[] = ["maxmemory-policy", "appendonly", "appendfsync"];

/**
 * `warnings`: settings that break a promise. `unknown`: those of the asked ones that the server did not tell (Upstash
 * forbids CONFIG), which is no warning.
 */
export const judgeSettings = (
  settings: Settings,
  asked: readonly string[],
): { readonly warnings: readonly string[]; readonly unknown: readonly string[] } => ({
  warnings: requirements
    .filter(({ name, value }) => settings[name] !== undefined && settings[name] !== value)
    .map(({ name, value, otherwise }) => `${name} is ${settings[name]}, not ${value}: ${otherwise}`),
  unknown: asked.filter((name) => settings[name] === undefined),
});

/** Reads the flat `[name, value, …]` reply of CONFIG GET; whatever else it is, nothing is known. */
export const settingsOf = (reply: unknown): Settings => {
  const settings: Record<string, string> = {};
  if (!Array.isArray(reply)) return settings;
  for (let at = 0; at + 1 < reply.length; at += 2) {
    const [name, value] = [reply[at], reply[at + 1]];
    if (typeof name === "string" && typeof value === "string" && settingNames.includes(name)) settings[name] = value;
  }
  return settings;
};
