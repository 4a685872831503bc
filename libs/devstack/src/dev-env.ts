/** What `.spillway/dev.env` says: for a person's `source` and for scripts that kill what runs. */
export type DevEnv = Readonly<
  Record<
    | ("EDGE_URL" | "DASHBOARD_URL" | "RELAY_URL" | "API_KEY" | "DASHBOARD_PASSWORD")
    | ("REDIS_URL" | "UPSTASH_REDIS_REST_URL" | "UPSTASH_REDIS_REST_TOKEN" | "DATABASE_URL")
    | ("KAFKA_BROKERS" | "KAFKA_TOPIC" | "METRICS_TOKEN"),
    string
  >
>;

export const APP_NAMES = ["edge", "relay", "dashboard"] as const;
/** In the order in which they are stopped. */
export const SERVICE_NAMES = ["redis-rest", "redis", "postgres", "kafka"] as const;
export const PROCESS_NAMES = [...APP_NAMES, ...SERVICE_NAMES] as const;

export type AppName = (typeof APP_NAMES)[number];
export type ServiceName = (typeof SERVICE_NAMES)[number];
export type ProcessName = AppName | ServiceName;
/** A process is absent for a service that somebody else runs. */
export const renderDevEnv = (
  settings: DevEnv,
  processes: Readonly<Partial<Record<ProcessName, { readonly pid: number }>>>,
): string => {
  const pidOf = (name: ProcessName) => processes[name]?.pid ?? "";
  const pidLines = PROCESS_NAMES.map((name) => [`${name.toUpperCase().replace("-", "_")}_PID`, pidOf(name)]);
  return [...Object.entries(settings), ...pidLines].map(([name, value]) => `${name}=${value}\n`).join("");
};
