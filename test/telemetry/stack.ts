import { eventually } from "@spillway/backends";
import { aclKafka } from "../support/acl.ts";
import { startDashboard } from "../support/dashboard.ts";
import { type PipelineOptions, startPipeline, startServices } from "../support/world.ts";
import { BILLING, createConsumers } from "./consumers.ts";
import { startObservers } from "./observers.ts";
import { startSender } from "./sender.ts";

/** Of a wait for a state; a machine with everything on it takes its time. */
const PATIENCE_MS = 150_000;
const POLL_MS = 500;

/** A topic besides the pipeline's own, so that one of two can stand still. */
export const ORDERS = "orders";
/** Bytes of a record that the pipeline's own topic takes. */
export const RECORD_BYTES_MAX = 10_000;

/** The whole system with traffic, and a real Prometheus and Alertmanager beside it. */
export const startStack = async ({ edgeEnv, relayEnv }: Pick<PipelineOptions, "edgeEnv" | "relayEnv"> = {}) => {
  const services = await startServices({ kafka: aclKafka });
  const pipeline = await startPipeline(services, {
    topicSettings: { "max.message.bytes": String(RECORD_BYTES_MAX) },
    relayEnv: {
      LEASE_TTL_MS: "1500",
      PARK_AFTER_MS: "2000",
      KAFKA_TOPIC_ROUTES: `order.=${ORDERS}`,
      ENVIRONMENT: "development",
      ...relayEnv,
    },
    edgeEnv: { ENVIRONMENT: "development", ...edgeEnv },
  });
  await services.kafka.createTopics([{ name: ORDERS, partitions: 1 }]);
  const { brokers } = pipeline.addresses;
  const dashboard = await startDashboard(services, pipeline, {
    KAFKA_BROKERS: brokers.join(),
    CONSUMER_GROUPS: BILLING,
  });
  const consumers = createConsumers(brokers, [pipeline.topic, ORDERS]);
  const observers = await startObservers([...pipeline.apps, dashboard]);
  const sender = startSender(pipeline, ["order.paid", "other.made"]);
  return {
    services,
    pipeline,
    dashboard,
    observers,
    sender,
    consumers,
    stop: async () => {
      await sender.stop();
      await consumers.stop();
      await observers.stop();
      await dashboard.stop();
      await pipeline.stop();
      await services.stop();
    },
  };
};

export type Stack = Awaited<ReturnType<typeof startStack>>;

export const patiently = <T>(what: string, look: () => Promise<T> | T) => eventually(what, look, PATIENCE_MS, POLL_MS);

/** Nobody is told of anything, nothing is about to be told, and each app was asked. */
export const isQuiet = async ({ observers }: Stack): Promise<boolean> =>
  (await observers.isQuiet()) &&
  (await observers.number("min(up)")) === 1 &&
  (await observers.number("max(spillway_oldest_event_age_seconds)")) !== null &&
  (await observers.number("count(spillway_shard_owned == 1)")) !== null;
