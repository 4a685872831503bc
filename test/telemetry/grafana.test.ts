import { eventually, type Running, startPrometheus } from "@spillway/backends";
import { systemClock } from "@spillway/event";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { API_KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { metricsIn, panelQueries, renamed, variableQueries } from "./dashboard-queries.ts";
import { readMetricRows } from "./metrics-table.ts";
import { hastenedRules, readRules } from "./rules.ts";

/* Every query of the dashboards, asked of a Prometheus that scraped the real apps while all that they show happened. */
const PATIENCE_MS = 120_000;
const LIMITED = "key-with-a-quota";
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let prometheus: Running;
let beganMs = 0;

const ask = async (path: string, parameters: Readonly<Record<string, string>>) => {
  const response = await fetch(`${prometheus.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const answer = await response.json();
  if (answer.status !== "success") throw new Error(`${parameters.query}: ${answer.error}`);
  return answer.data;
};

type Series = { readonly values: readonly (readonly [number, string])[] };

/** How many series have a number at any time since the beginning. */
const seriesOf = async (query: string): Promise<number> => {
  const times = { start: String(beganMs / 1_000), end: String(Date.now() / 1_000), step: "1" };
  const { result }: { result: readonly Series[] } = await ask("query_range", { query, ...times });
  return result.filter(({ values }) => values.some(([, value]) => Number.isFinite(Number(value)))).length;
};

const isThere = (query: string) => eventually(query, async () => (await seriesOf(query)) > 0, PATIENCE_MS, 500);

const post = (event: object, headers: Readonly<Record<string, string>> = {}) =>
  pipeline.post(JSON.stringify(event), { "content-type": "application/json", ...headers });

/** Larger than the topic takes, compressed too. */
const incompressible = () => Buffer.from(crypto.getRandomValues(new Uint8Array(4_000))).toString("base64");

/** One of everything that a sender can do right and wrong. */
const sendAll = async (): Promise<void> => {
  const limited = { authorization: `Bearer ${LIMITED}` };
  const several = Array.from({ length: 50 }, () => ({ type: "much.sent" }));
  await Promise.allSettled([
    post({ type: "order.paid", subject: "s" }),
    post({ type: "order.paid", subject: "s", id: "always the same" }),
    post({ type: "nowhere.sent", subject: "s" }),
    post({ type: "large.sent", data: incompressible() }),
    post({ type: "" }),
    post({ type: "order.paid" }, { authorization: "Bearer nobody's" }),
    pipeline.post(JSON.stringify(several), { "content-type": "application/json", ...limited }, "/v1/batch"),
  ]);
};

/** Sends on until Prometheus has seen it. */
const sendUntil = async (...queries: readonly string[]): Promise<void> => {
  let isOver = false;
  const looks = Promise.allSettled(queries.map(isThere)).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await sendAll();
    await systemClock.sleep(200);
  }
  for (const look of await looks) if (look.status === "rejected") throw look.reason;
};

const goThroughFaults = async (): Promise<void> => {
  await sendUntil(
    "spillway_dead_letters_waiting > 0",
    "spillway_parked_events > 0",
    "spillway_quota_refused_total > 0",
    "rate(spillway_events_duplicate_total[15s]) > 0",
  );
  // A lane that stands still for less than a scrape is seen by none.
  await services.kafka.kill("SIGSTOP");
  await sendUntil("spillway_lane_blocked > 0");
  await services.kafka.kill("SIGCONT");
  await services.redis.kill("SIGSTOP");
  await sendUntil(
    'spillway_trouble_seconds{topic=""} > 1',
    'spillway_breaker_state{tier="stream",state="closed"} == 0',
    'ALERTS{alertstate="firing"}',
  );
  await services.postgres.kill();
  await sendUntil("spillway:ingest_errors:ratio_rate1h > 0", 'spillway_events_refused_total{code="unavailable"} > 0');
  await services.postgres.restart();
  await services.redis.kill("SIGCONT");
  await services.kafka.createTopics([{ name: "nowhere", partitions: 1 }]);
  await sendUntil("rate(spillway_drained_rows_total[15s]) >= 0", "rate(spillway_returned_records_total[15s]) >= 0");
};

beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, {
    topicSettings: { "max.message.bytes": "2000" },
    relayEnv: {
      LEASE_TTL_MS: "1500",
      PARK_AFTER_MS: "1000",
      KAFKA_TOPIC_ROUTES: "nowhere.=nowhere",
      ENVIRONMENT: "development",
    },
    edgeEnv: {
      ENVIRONMENT: "development",
      API_KEYS: `${API_KEY},limited:${LIMITED}`,
      API_KEY_QUOTAS: "limited=1/s",
    },
  });
  dashboard = await startDashboard(services, pipeline);
  const targets = [...pipeline.apps, dashboard].map(({ port }) => `127.0.0.1:${port}`);
  prometheus = await startPrometheus({ rules: hastenedRules(), targets, scrapeMs: 1_000 });
  beganMs = Date.now();
  await goThroughFaults();
}, 500_000);
afterAll(async () => {
  await prometheus?.stop();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

test("no panel is empty after a run in which it all happened", async () => {
  const empty: string[] = [];
  for (const { of, expr } of panelQueries) if ((await seriesOf(expr)) === 0) empty.push(`${of}: ${expr}`);
  expect(empty).toEqual([]);
});

test("a panel whose metric has another name is empty, whichever of them: none has a number without its metrics", async () => {
  const blind: string[] = [];
  for (const { of, expr } of panelQueries) {
    expect(renamed(expr), of).not.toEqual([]);
    for (const other of renamed(expr)) if ((await seriesOf(other)) > 0) blind.push(`${of}: ${other}`);
  }
  expect(blind).toEqual([]);
});

test("each variable has values, and none by another metric or label", async () => {
  const valuesOf = (metric: string, label: string): Promise<readonly string[]> =>
    ask(`label/${label}/values`, { "match[]": metric });
  expect(variableQueries.length).toBeGreaterThan(0);
  for (const { of, metric, label } of variableQueries) {
    expect(await valuesOf(metric, label), of).not.toEqual([]);
    expect(await valuesOf(`${metric}_otherwise`, label), of).toEqual([]);
    expect(await valuesOf(metric, `${label}_otherwise`), of).toEqual([]);
  }
});

test("a panel names only what the table of metrics has, or a rule records", () => {
  const recorded = readRules().flatMap(({ record }) => record ?? []);
  const known = new Set([...readMetricRows().map(({ name }) => name), ...recorded]);
  const unknown = panelQueries.flatMap(({ of, expr }) =>
    metricsIn(expr)
      .filter((name) => name.startsWith("spillway"))
      .filter((name) => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, "")))
      .map((name) => `${of}: ${name}`),
  );
  expect(unknown).toEqual([]);
});
