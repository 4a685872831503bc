/** What `.spillway/dev.env` says: for a person's `source` and for scripts that kill what runs. */
export type DevEnv = {
  readonly EDGE_URL: string;
  readonly DASHBOARD_URL: string;
  readonly RELAY_URL: string;
  readonly API_KEY: string;
  readonly DASHBOARD_PASSWORD: string;
  readonly REDIS_URL: string;
  readonly UPSTASH_REDIS_REST_URL: string;
  readonly UPSTASH_REDIS_REST_TOKEN: string;
  readonly DATABASE_URL: string;
  readonly KAFKA_BROKERS: string;
  readonly KAFKA_TOPIC: string;
};

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
