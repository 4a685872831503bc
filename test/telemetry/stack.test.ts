import { eventually, type Running } from "@spillway/backends";
import { systemClock } from "@spillway/event";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { readTopic } from "../support/topic.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { lookAt, startObservers } from "./observers.ts";

/* A real Prometheus and Alertmanager beside the real services: what an operator is told, and what the numbers say. */
const PATIENCE_MS = 150_000;
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let observers: Awaited<ReturnType<typeof startObservers>>;
let posting: Promise<void>;
let posted = 0;
let isPosting = true;

/** Two events at a time, one of each topic, for as long as the tests last; what was refused is not counted. */
const postOnAndOn = async (): Promise<void> => {
  while (isPosting) {
    for (const type of ["order.paid", "other.made"]) {
      const response = await pipeline.post(JSON.stringify({ type, subject: "s" })).catch(() => null);
      if (response?.status === 202) posted++;
    }
    await systemClock.sleep(100);
  }
};

beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, {
    relayEnv: {
      LEASE_TTL_MS: "1500",
      PARK_AFTER_MS: "2000",
      KAFKA_TOPIC_ROUTES: "order.=orders",
      ENVIRONMENT: "development",
    },
    edgeEnv: { ENVIRONMENT: "development" },
  });
  await services.kafka.createTopics([{ name: "orders", partitions: 1 }]);
  dashboard = await startDashboard(services, pipeline);
  observers = await startObservers([...pipeline.apps, dashboard]);
  posting = postOnAndOn();
}, 300_000);
afterAll(async () => {
  isPosting = false;
  await posting;
  await observers?.stop();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

const quiet = () =>
  eventually(
    "no alert and nothing that waits",
    async () =>
      (await observers.told()).length === 0 &&
      (await observers.number('count(ALERTS{alertstate="firing"})')) === null &&
      (await observers.number("max(spillway_oldest_event_age_seconds)")) !== null,
    PATIENCE_MS,
    500,
  );

/** Whatever anybody is told from the beginning of the fault until all is well again. */
const toldDuring = async (alert: string, begin: () => Promise<unknown>, end: () => Promise<unknown>) => {
  await quiet();
  const told = new Set<string>();
  const look = async () => {
    for (const one of await observers.told()) told.add(one);
    return told.has(alert);
  };
  await begin();
  await eventually(alert, look, PATIENCE_MS, 500);
  await end();
  await eventually("its end", async () => (await look()) && (await observers.told()).length === 0, PATIENCE_MS, 500);
  return [...told];
};

/** Frozen, it takes connections and answers nothing; Postgres's sessions are processes of their own and would go on. */
const faults = {
  kafka: [() => services.kafka.kill("SIGSTOP"), () => services.kafka.kill("SIGCONT")],
  redis: [() => services.redis.kill("SIGSTOP"), () => services.redis.kill("SIGCONT")],
  postgres: [() => services.postgres.kill(), () => services.postgres.restart()],
} as const;

test.each(["kafka", "redis", "postgres"] as const)(
  "%s that does not answer is the one alert, and it ends",
  async (name) => {
    const [begin, end] = faults[name];
    expect(await toldDuring("SpillwayDependencyDown", begin, end)).toEqual(["SpillwayDependencyDown"]);
  },
  400_000,
);

test("when all is quiet, the metrics, the dashboard and a reader of the topics say the same number", async () => {
  await quiet();
  isPosting = false;
  await posting;
  const accepted = () => observers.number("sum(spillway_events_accepted_total)");
  const relayed = () => observers.number("sum(spillway_events_relayed_total)");
  await eventually(
    "a scrape in which each posted event is accepted and relayed",
    async () => (await accepted()) === posted && (await relayed()) === posted,
    PATIENCE_MS,
    500,
  );
  const shown = (await lookAt(dashboard)) as { shards: readonly { known: { relayed: number } }[] };
  expect(shown.shards.reduce((sum, { known }) => sum + known.relayed, 0)).toBe(posted);
  expect(await observers.number("sum(spillway_events_pending)")).toBe(0);
  expect(await observers.number("sum(spillway_unaccounted_events)")).toBe(0);
  const records = [...(await pipeline.read()), ...(await readTopic(pipeline.addresses.brokers, "orders"))];
  expect(new Set(records.map(({ value }) => JSON.parse(value.toString()).id)).size).toBe(posted);
}, 400_000);
