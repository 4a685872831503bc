import { fileURLToPath } from "node:url";
import { eventually } from "@spillway/backends/eventually";
import { systemClock } from "@spillway/event";
import { seededRandom } from "@spillway/event/seeded-random";
import { Cluster, Redis } from "ioredis";
import { residentMb } from "../bench/sample.ts";
import { judge, type Verdict } from "../support/checker.ts";
import { startProducer } from "../support/producer.ts";
import { type FaultProxy, startProxy } from "../support/proxy.ts";
import {
  KEY,
  type Pipeline,
  type Services,
  startClusterServices,
  startPipeline,
  startServices,
} from "../support/world.ts";
import { logFaults } from "./log-faults.ts";
import type { FaultWorld, Scenario } from "./scenario.ts";

export type Result = Verdict & {
  readonly scenario: string;
  readonly fault: string;
  readonly passed: boolean;
  /** Everything that did not hold, in words. */
  readonly failures: readonly string[];
  /** From the end of the fault until events flow through the stream again and nothing waits; -1 if never. */
  readonly recoveryMs: number;
  readonly slowestAnswerMs: number;
  readonly seed: number;
};

const SLOWEST_ANSWER_MS = 1_000;
/** On top, for a machine whose two cores also run the load, two databases and a broker. */
const MACHINE_SLACK_MS = 500;
/** How long after an edge's answer another one may not know that the outbox holds the event. */
const BETWEEN_EDGES_MS = 1_000;
const RECOVERY_MS = 30_000;
const EMPTY_WITHIN_MS = 120_000;
const PROGRESS_EVENTS = 100;
const SHARDS = 4;

/** What posts the load: our own producer, or the client of libs/client. */
type StartProducer = typeof startProducer;

type Proxies = FaultWorld["proxies"];

const startProxies = async (services: Services, edgeOver: Scenario["edgeOver"]): Promise<Proxies> => {
  const [edgeToRedis, edgeToPostgres, relayToRedis, relayToPostgres] = await Promise.all([
    startProxy(edgeOver === "tcp" ? services.redis : services.rest),
    startProxy(services.postgres),
    startProxy(services.redis),
    startProxy(services.postgres),
  ]);
  return { edgeToRedis, edgeToPostgres, relayToRedis, relayToPostgres };
};

const through = (url: string, proxy: FaultProxy): string => {
  const changed = new URL(url);
  changed.port = String(proxy.port);
  return changed.href.replace(/\/$/, "");
};

const edgeToRedis = (
  own: Pipeline["addresses"],
  { edgeOver }: Scenario,
  { edgeToRedis }: Proxies,
): Partial<Pipeline["addresses"]> =>
  edgeOver === "tcp"
    ? { redisUrl: through(own.redisUrl, edgeToRedis) }
    : { restUrl: through(own.restUrl, edgeToRedis) };

const startScenarioPipeline = (services: Services, scenario: Scenario, proxies: Proxies): Promise<Pipeline> =>
  startPipeline(services, {
    ...scenario,
    edgeAddresses: (own, edge) => ({
      ...own,
      ...(scenario.roams && edge > 0 ? {} : edgeToRedis(own, scenario, proxies)),
      edgeOver: scenario.edgeOver,
      databaseUrl: through(own.databaseUrl, proxies.edgeToPostgres),
    }),
    relayAddresses: (own) => ({
      ...own,
      // The nodes of a cluster name each other's ports: there is nothing to put in between.
      redisUrl: services.nodes.redis.length === 1 ? through(own.redisUrl, proxies.relayToRedis) : own.redisUrl,
      databaseUrl: through(own.databaseUrl, proxies.relayToPostgres),
    }),
  });

const openRedis = ({ redis, nodes }: Services): Redis | Cluster => {
  const options = { maxRetriesPerRequest: 0, enableReadyCheck: false };
  if (nodes.redis.length === 1) return new Redis(redis.url, { ...options, retryStrategy: () => null });
  return new Cluster(redis.url.split(","), { redisOptions: options, clusterRetryStrategy: () => 100 });
};

/** Everything that has not reached Kafka or the dead letters. */
const backlogOf = async (services: Services, pipeline: Pipeline): Promise<number> => {
  const redis = openRedis(services);
  redis.on("error", () => undefined);
  try {
    const shards = Array.from({ length: SHARDS }, (_, shard) => redis.xlen(`{${pipeline.name}:${shard}}:stream`));
    const [outbox] = await pipeline.sql`
      SELECT (SELECT count(*) FROM outbox)::int + (SELECT count(*) FROM parked_events)::int AS rows`;
    return (await Promise.all(shards)).reduce((sum, entries) => sum + entries, 0) + Number(outbox?.rows);
  } finally {
    redis.disconnect();
  }
};

const recovered = async (world: FaultWorld): Promise<void> => {
  const accepted = world.producer.accepted();
  await eventually(
    "events through the stream",
    () => {
      const latest = [...world.producer.attempts.values()].filter((attempt) => attempt.acceptedAt > accepted);
      return latest.length > 20 && latest.at(-1)?.tier !== "outbox";
    },
    RECOVERY_MS,
  );
};

const aliveFailures = (pipeline: Pipeline): string[] =>
  pipeline.apps.filter((app) => app.pid() === undefined).map((app) => `${app.name} is not alive`);

/** Nothing grows with a fault: what a runtime keeps after a flood is far below this, a leak of a minute's events is not. */
const RESIDENT_MB_MAX = 500;

const memoryFailures = (pipeline: Pipeline): string[] =>
  pipeline.apps.flatMap((app) => {
    const pid = app.pid();
    const megabytes = pid === undefined ? 0 : residentMb(pid);
    return megabytes > RESIDENT_MB_MAX ? [`${app.name} holds ${Math.round(megabytes)} MB`] : [];
  });

const verdictFailures = (scenario: Scenario, verdict: Verdict): string[] => {
  const zero = [
    "unexpected",
    "corrupted",
    ...(scenario.lossOfBothIsChecked ? [] : ["lostOfBoth"]),
    ...(scenario.orderIsChecked ? [] : ["inversions"]),
    ...(scenario.lossIsChecked ? [] : ["lost"]),
  ] as const;
  const failures: string[] = zero
    .filter((name) => verdict[name as keyof Verdict] !== 0)
    .map((name) => `${name} is ${verdict[name as keyof Verdict]}`);
  if (verdict.lost > 0 && !scenario.lossIsChecked)
    failures.push(`first lost ${verdict.firstLost}, last ${verdict.lastLost}`);
  return failures;
};

const duringFailures = (scenario: Scenario, world: FaultWorld, acceptedBefore: number): string[] => {
  const progress = world.producer.accepted() - acceptedBefore;
  const failures: string[] = [];
  if (scenario.during === "answers" && progress < PROGRESS_EVENTS)
    failures.push(`only ${progress} events accepted during the fault`);
  if (!world.producer.refusalsAreComplete()) failures.push("a 503 or 429 came without Retry-After");
  const slowest = world.producer.slowestMs();
  if (!scenario.slowAnswersAllowed && slowest > SLOWEST_ANSWER_MS + MACHINE_SLACK_MS)
    failures.push(`an answer took ${Math.round(slowest)} ms`);
  return failures;
};

/** What the apps logged is the only witness of a failure that may not come again. */
const keepLogs = async (pipeline: Pipeline, scenario: Scenario): Promise<void> => {
  const folder = fileURLToPath(new URL(`../../.spillway/faults/${scenario.id}/`, import.meta.url));
  await Promise.all(pipeline.apps.map((app, i) => Bun.write(`${folder}${app.name}-${i}.log`, Bun.file(app.logFile))));
};

/** Runs the load, the fault and the checks. */
const runIn = async (services: Services, scenario: Scenario, seed: number, start: StartProducer): Promise<Result> => {
  const proxies = await startProxies(services, scenario.edgeOver);
  const pipeline = await startScenarioPipeline(services, scenario, proxies);
  const producer = start({
    urls: pipeline.edges.map((edge) => edge.url),
    apiKey: KEY,
    keys: 16,
    eventsPerSecond: scenario.eventsPerSecond ?? 400,
    batch: scenario.batch,
    roams: scenario.roams,
    headersOf: scenario.headersOf,
  });
  const world: FaultWorld = {
    services,
    pipeline,
    producer,
    proxies,
    random: seededRandom(seed),
    sleep: systemClock.sleep,
  };
  const failures: string[] = [];
  const attempt = async (what: () => Promise<void> | void) => {
    try {
      await what();
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  };
  try {
    await eventually("a baseline", () => producer.accepted() > 300);
    const before = producer.accepted();
    await attempt(() => scenario.run(world));
    failures.push(...duringFailures(scenario, world, before));
    const healedAt = performance.now();
    let recoveryMs = -1;
    await attempt(async () => {
      await recovered(world);
      recoveryMs = Math.round(performance.now() - healedAt);
    });
    await producer.stop();
    const isEmpty = async () => (await backlogOf(services, pipeline)) === 0;
    await attempt(async () => void (await eventually("an empty backlog", isEmpty, EMPTY_WITHIN_MS)));
    const windowMs = scenario.roams ? BETWEEN_EDGES_MS + MACHINE_SLACK_MS : -1;
    const verdict = await judge(producer.attempts, pipeline.addresses.brokers, pipeline.topic, pipeline.sql, windowMs);
    failures.push(
      ...verdictFailures(scenario, verdict),
      ...aliveFailures(pipeline),
      ...memoryFailures(pipeline),
      ...(await logFaults(services, pipeline, producer)),
    );
    await attempt(() => scenario.check?.(world, verdict));
    if (failures.length > 0) await keepLogs(pipeline, scenario);
    return {
      ...verdict,
      scenario: scenario.id,
      fault: scenario.fault,
      passed: failures.length === 0,
      failures,
      recoveryMs,
      slowestAnswerMs: Math.round(producer.slowestMs()),
      seed,
    };
  } finally {
    await producer.stop();
    await pipeline.stop();
    await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
  }
};

/** Runs one scenario on the shared services, or on its own when it would spoil them. */
export const runScenario = async (
  shared: Services,
  scenario: Scenario,
  seed: number,
  start: StartProducer = startProducer,
): Promise<Result> => {
  if (scenario.own === undefined) return runIn(shared, scenario, seed, start);
  const services = scenario.own === "cluster" ? await startClusterServices() : await startServices(scenario.own);
  try {
    return await runIn(services, scenario, seed, start);
  } finally {
    await services.stop();
  }
};
