import { fileURLToPath } from "node:url";
import { type App, startApp } from "@spillway/devstack";
import { API_KEY, type Pipeline, type Services } from "../support/world.ts";
import { type Loaded, runLoad } from "./loader.ts";
import { atLeast, atMost, below, type Row } from "./row.ts";
import { cpuSeconds, median } from "./sample.ts";

export type BenchOptions = { readonly rounds: number; readonly seconds: number };

const KEY = API_KEY.split(":")[1] ?? "";
const baselineEntry = fileURLToPath(new URL("baseline.ts", import.meta.url));
export type BaselineMode = "nothing" | "xadd-http" | "xadd-tcp" | "kafka";

export const startBaseline = (mode: BaselineMode, services: Services, topic: string): Promise<App> =>
  startApp({
    name: `baseline-${mode}`,
    entry: baselineEntry,
    env: {
      MODE: mode,
      REDIS_URL: services.redis.url,
      UPSTASH_REDIS_REST_URL: services.rest.url,
      UPSTASH_REDIS_REST_TOKEN: services.rest.token,
      KAFKA_BROKERS: services.kafka.brokers.join(","),
      KAFKA_TOPIC: topic,
    },
  });

/** Until the JIT has compiled what the load uses. */
const WARM_UP_SECONDS = 3;

type Target = { readonly name: "ours" | BaselineMode; readonly url: string };
type Measured = Loaded & { readonly eventsPerSecond: number; readonly cpuMicrosPerEvent: number };

const cpuOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);

const measure = async (target: Target, batch: 1 | 100, seconds: number, pids: readonly number[]): Promise<Measured> => {
  const load = { url: `${target.url}/v1/events`, batch, key: KEY };
  await runLoad({ ...load, seconds: 1 });
  const before = cpuOf(pids);
  const loaded = await runLoad({ ...load, seconds });
  const events = loaded.requestsPerSecond * seconds * batch;
  if (loaded.failed > 0) console.log(`  ${target.name}: ${loaded.failed} requests failed`);
  return {
    ...loaded,
    eventsPerSecond: loaded.requestsPerSecond * batch,
    cpuMicrosPerEvent: ((cpuOf(pids) - before) * 1e6) / events,
  };
};

/** Every target in turn, the order turned round each round, so that a drift of the machine favours nobody. */
const inTurn = async (
  targets: readonly Target[],
  batch: 1 | 100,
  options: BenchOptions,
  pids: readonly number[],
  betweenRuns: () => Promise<void>,
): Promise<ReadonlyMap<string, readonly Measured[]>> => {
  for (const { url } of targets) await runLoad({ url: `${url}/v1/events`, batch, key: KEY, seconds: WARM_UP_SECONDS });
  await betweenRuns();
  const measured = new Map<string, Measured[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const target of round % 2 === 0 ? targets : [...targets].reverse()) {
      const result = await measure(target, batch, options.seconds, target.name === "ours" ? pids : []);
      measured.get(target.name)?.push(result);
      console.log(
        `  round ${round + 1} ${target.name}: ${Math.round(result.eventsPerSecond)} events/s, p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms`,
      );
      await betweenRuns();
    }
  }
  return measured;
};

const medianOf = (results: readonly Measured[] | undefined, field: keyof Measured) =>
  median((results ?? []).map((result) => result[field]));

/** Ingest alone: no relay runs, Redis is emptied between runs. */
export const benchIngest = async (
  services: Services,
  pipeline: Pipeline,
  batch: 1 | 100,
  options: BenchOptions,
): Promise<Row[]> => {
  const modes: readonly BaselineMode[] =
    batch === 1 ? ["nothing", "xadd-http", "xadd-tcp", "kafka"] : ["nothing", "xadd-tcp", "kafka"];
  const baselines = await Promise.all(modes.map((mode) => startBaseline(mode, services, pipeline.topic)));
  const targets: Target[] = [
    { name: "ours", url: pipeline.edges[0]?.url ?? "" },
    ...modes.map((name, i) => ({ name, url: baselines[i]?.url ?? "" })),
  ];
  const pids = [pipeline.edges[0], services.rest, services.redis].map((app) => app?.pid() ?? 0);
  const results = await inTurn(targets, batch, options, pids, () => emptyRedis(services));
  await Promise.all(baselines.map((app) => app.stop()));
  const rate = (name: string) => medianOf(results.get(name), "eventsPerSecond");
  const p99 = (name: string) => medianOf(results.get(name), "p99Ms");
  const { rounds } = options;
  const what =
    batch === 1 ? "single events, 64 connections, fsync before answer" : "batches of 100 x 300 B, fsync before answer";
  const against = (name: string, limit: number) =>
    atLeast(limit, {
      workload: `${what} vs ${name}`,
      ours: rate("ours"),
      baseline: rate(name),
      unit: "events/s",
      rounds,
    });
  const cpu = medianOf(results.get("ours"), "cpuMicrosPerEvent");
  const cpuRow = (limit: number) =>
    below(limit, { workload: `CPU per event, edge + REST + Redis, batch ${batch}`, ours: cpu, unit: "µs", rounds });
  if (batch === 100) return [against("nothing", 0.15), against("xadd-tcp", 1.6), against("kafka", 2), cpuRow(8)];
  return [
    against("nothing", 0.5),
    below(10, { workload: `${what}, p99`, ours: p99("ours"), unit: "ms", rounds }),
    against("xadd-http", 2.2),
    against("xadd-tcp", 1.1),
    against("kafka", 3),
    atMost(0.5, { workload: `${what}, p99 vs kafka`, ours: p99("ours"), baseline: p99("kafka"), unit: "ms", rounds }),
    cpuRow(41),
  ];
};

export const emptyRedis = async (services: Services): Promise<void> => {
  const response = await fetch(services.rest.url, {
    method: "POST",
    headers: { authorization: `Bearer ${services.rest.token}` },
    body: '["FLUSHALL","SYNC"]',
  });
  if (!response.ok) throw new Error(`FLUSHALL: ${response.status}`);
};
