import { fileURLToPath } from "node:url";
import { type Running, startApp } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { systemClock } from "@spillway/event";
import type { Sql } from "postgres";
import { found, KEY, type Pipeline, type Services } from "../support/world.ts";
import { SHARDS, startBefore } from "./before.ts";
import { type Loaded, runLoad } from "./loader.ts";
import { atLeast, atMost, below, type Row } from "./row.ts";
import { cpuSeconds, median } from "./sample.ts";

export type BenchOptions = {
  readonly rounds: number;
  readonly seconds: number;
  /** A commit whose edge is measured in turn with ours, or null. */
  readonly before: string | null;
};

const baselineEntry = fileURLToPath(new URL("baseline.ts", import.meta.url));
export type BaselineMode = "nothing" | "xadd-http" | "xadd-tcp" | "kafka";

export const startBaseline = (mode: BaselineMode, services: Services, topic: string): Promise<Running> =>
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

export type Target = {
  readonly name:
    | "ours"
    | "tcp"
    | "fleet"
    | "observed"
    | "before"
    | "node"
    | "deno"
    | "workerd"
    | "instant"
    | BaselineMode;
  readonly url: string;
  /** Processes whose CPU time counts. */
  readonly pids: readonly number[];
};
export type Measured = Loaded & { readonly eventsPerSecond: number; readonly cpuMicrosPerEvent: number };

const cpuOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);

const measure = async (target: Target, batch: 1 | 100, seconds: number): Promise<Measured> => {
  const { pids } = target;
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

/** `betweenRuns` answers how many events did not go to the stream. Every target in turn, the order turned round each round, so that a drift of the machine favours nobody. */
const inTurn = async (
  targets: readonly Target[],
  batch: 1 | 100,
  options: BenchOptions,
  betweenRuns: () => Promise<number>,
): Promise<ReadonlyMap<string, readonly Measured[]>> => {
  for (const { url } of targets) await runLoad({ url: `${url}/v1/events`, batch, key: KEY, seconds: WARM_UP_SECONDS });
  await betweenRuns();
  const measured = new Map<string, Measured[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const target of round % 2 === 0 ? targets : [...targets].reverse()) {
      const result = await measure(target, batch, options.seconds);
      const elsewhere = await betweenRuns();
      if (elsewhere > (result.eventsPerSecond * options.seconds) / 20)
        throw new Error(`${target.name} wrote ${elsewhere} events to the outbox: it is the stream that is measured`);
      if (elsewhere > 0) console.log(`  ${target.name}: ${elsewhere} events went to the outbox`);
      measured.get(target.name)?.push(result);
      console.log(
        `  round ${round + 1} ${target.name}: ${Math.round(result.eventsPerSecond)} events/s, p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms`,
      );
    }
  }
  return measured;
};

export const medianOf = (results: readonly Measured[] | undefined, field: keyof Measured) =>
  median((results ?? []).map((result) => result[field]));

const whatOf = (batch: 1 | 100) =>
  batch === 1 ? "single events, 64 connections, fsync before answer" : "batches of 100 x 300 B, fsync before answer";

/** What the bars are judged by: medians over the rounds of each target. */
const rowsOf = (batch: 1 | 100, rounds: number, results: ReadonlyMap<string, readonly Measured[]>): Row[] => {
  const what = whatOf(batch);
  const of = (name: string, field: keyof Measured) => medianOf(results.get(name), field);
  const against = (name: string, limit: number) => {
    const [ours, baseline] = [of("ours", "eventsPerSecond"), of(name, "eventsPerSecond")];
    return atLeast(limit, { workload: `${what} vs ${name}`, ours, baseline, unit: "events/s", rounds });
  };
  const p99 = of("ours", "p99Ms");
  const p99Against = (name: string, limit: number) =>
    atMost(limit, { workload: `${what}, p99 vs ${name}`, ours: p99, baseline: of(name, "p99Ms"), unit: "ms", rounds });
  const cpuWorkload = `CPU per event, edge + REST + Redis, batch ${batch}`;
  const cpu = of("ours", "cpuMicrosPerEvent");
  const cpuRow = (limit: number) => below(limit, { workload: cpuWorkload, ours: cpu, unit: "µs", rounds });
  const cpuBefore = (limit: number) => {
    const baseline = of("before", "cpuMicrosPerEvent");
    return atMost(limit, { workload: `${cpuWorkload} vs before`, ours: cpu, baseline, unit: "µs", rounds });
  };
  const before = results.has("before") ? [against("before", 0.95), p99Against("before", 1.1), cpuBefore(1.05)] : [];
  if (batch === 100)
    return [against("nothing", 0.15), against("xadd-tcp", 1.6), against("kafka", 2), cpuRow(8), ...before];
  return [
    against("nothing", 0.5),
    below(10, { workload: `${what}, p99`, ours: p99, unit: "ms", rounds }),
    against("xadd-http", 2.2),
    against("xadd-tcp", 1.1),
    against("kafka", 3),
    p99Against("kafka", 0.5),
    cpuRow(41),
    ...before,
  ];
};

/**
 * How many events were written to the outbox, which is emptied. No relay runs here: what diverts a shard, an append that took too
 * long, lasts, and where nobody says whose an emptied Redis is, an edge writes to Postgres only. That was measured as ours
 * from 37ae781 until this was asked.
 */
const takeOutbox = async (sql: Sql): Promise<number> => {
  const [row] =
    await sql`with gone as (delete from outbox returning events) select sum(events)::int as events from gone`;
  return row?.events ?? 0;
};

/** An edge of an older commit may not say. */
const isOpen = async (url: string): Promise<boolean> => {
  const readiness = (await (await fetch(`${url}/readyz`)).json()) as { readonly diverted_shards?: number };
  return (readiness.diverted_shards ?? 0) === 0;
};

export const edgeTarget = (name: Target["name"], edge: Running, beside: readonly Running[]): Target => ({
  name,
  url: edge.url,
  pids: [edge, ...beside].map((process) => process.pid() ?? 0),
});

/** Between two runs of edges of one pipeline: its Redis is empty and its own, and no shard is diverted. Answers how many events went elsewhere. */
export const emptied =
  (services: Services, pipeline: Pipeline, targets: readonly Target[]) => async (): Promise<number> => {
    // What is under way when the loader ends is recorded a little later.
    await systemClock.sleep(1_000);
    const elsewhere = await takeOutbox(pipeline.sql);
    await emptyRedis(services);
    await found(pipeline.name, pipeline.addresses, SHARDS);
    for (const { url } of targets) await eventually("no shard is diverted", () => isOpen(url));
    return elsewhere;
  };

/** The pipeline's edge and others in turn, single events and then batches of 100, on one Redis that is emptied in between; no relay runs. */
export const besideOurs = async (
  services: Services,
  pipeline: Pipeline,
  others: readonly Target[],
  options: Pick<BenchOptions, "rounds" | "seconds">,
  rowsOf: (batch: 1 | 100, results: ReadonlyMap<string, readonly Measured[]>) => readonly Row[],
): Promise<Row[]> => {
  const beside = [services.rest, services.redis];
  const targets = [...pipeline.edges.slice(0, 1).map((edge) => edgeTarget("ours", edge, beside)), ...others];
  const betweenRuns = emptied(services, pipeline, targets);
  const rows: Row[] = [];
  for (const batch of [1, 100] as const)
    rows.push(...rowsOf(batch, await inTurn(targets, batch, { ...options, before: null }, betweenRuns)));
  return rows;
};

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
  const before = options.before === null ? null : await startBefore(options.before, services, pipeline);
  const target = (name: Target["name"], edge: Running, rest: Running): Target =>
    edgeTarget(name, edge, [rest, services.redis]);
  const targets: Target[] = [
    ...pipeline.edges.slice(0, 1).map((edge) => target("ours", edge, services.rest)),
    ...(before ? [target("before", before.edge, before.rest)] : []),
    ...modes.map((name, i) => ({ name, url: baselines[i]?.url ?? "", pids: [] })),
  ];
  const betweenRuns = async (): Promise<number> => {
    // What is under way when the loader ends is recorded a little later.
    await systemClock.sleep(1_000);
    const taken = await Promise.all([pipeline, ...(before ? [before] : [])].map(({ sql }) => takeOutbox(sql)));
    await emptyRedis(services);
    await Promise.all([found(pipeline.name, pipeline.addresses, SHARDS), before?.found()]);
    for (const { url } of targets.slice(0, before ? 2 : 1)) await eventually("no shard is diverted", () => isOpen(url));
    return taken.reduce((sum, events) => sum + events, 0);
  };
  const results = await inTurn(targets, batch, options, betweenRuns);
  await Promise.all([...baselines, before].map((one) => one?.stop()));
  return rowsOf(batch, options.rounds, results);
};

export const emptyRedis = async (services: Services): Promise<void> => {
  const response = await fetch(services.rest.url, {
    method: "POST",
    headers: { authorization: `Bearer ${services.rest.token}` },
    body: '["FLUSHALL","SYNC"]',
  });
  if (!response.ok) throw new Error(`FLUSHALL: ${response.status}`);
};
