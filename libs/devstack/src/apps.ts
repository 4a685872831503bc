import { fileURLToPath } from "node:url";
import type { DevstackConfig } from "./config.ts";
import type { AppName, DevEnv } from "./dev-env.ts";

export const appEntry = (name: AppName): string =>
  fileURLToPath(new URL(`../../../apps/${name}/src/main.bun.ts`, import.meta.url));

/** What each app's config.ts is given; PORT comes from the app's URL. */
export const appEnvironments = (
  stack: DevEnv,
  { kafkaCompression, edgeRedisOver }: Pick<DevstackConfig, "kafkaCompression" | "edgeRedisOver">,
  devEnvFile: string,
) => {
  // In production the edge wants hashed keys and the dashboard's cookie wants https.
  const at = (url: string) => ({ PORT: new URL(url).port, HOST: "127.0.0.1", ENVIRONMENT: "development" });
  const { REDIS_URL, DATABASE_URL, KAFKA_BROKERS, KAFKA_TOPIC, EDGE_URL, RELAY_URL, DASHBOARD_PASSWORD } = stack;
  const { UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN } = stack;
  return {
    edge: {
      ...at(EDGE_URL),
      API_KEYS: `dev:${stack.API_KEY}`,
      ...(edgeRedisOver === "tcp" ? { REDIS_URL } : { UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN }),
      DATABASE_URL,
      // Nobody balances on this machine, and Ctrl-C is answered at once.
      STOP_DELAY_MS: "0",
    },
    relay: {
      ...at(stack.RELAY_URL),
      REDIS_URL,
      DATABASE_URL,
      KAFKA_BROKERS,
      KAFKA_TOPIC,
      KAFKA_COMPRESSION: kafkaCompression,
    },
    dashboard: {
      ...at(stack.DASHBOARD_URL),
      DASHBOARD_PASSWORD,
      REDIS_URL,
      DATABASE_URL,
      EDGE_URL,
      RELAY_URL,
      // For where in Kafka an event is.
      KAFKA_BROKERS,
      DEV_ENV_FILE: devEnvFile,
    },
  };
};
