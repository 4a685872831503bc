import { eventually } from "@spillway/backends/eventually";
import { Redis } from "ioredis";
import { countTopic } from "../support/topic.ts";
import { KEY, type Pipeline, type Services, startPipeline } from "../support/world.ts";
import { emptyRedis } from "./ingest.ts";
import { runLoad } from "./loader.ts";
import { printedBy, scriptOf } from "./printed.ts";
import { atLeast, atMost, below, type Row } from "./row.ts";
import { median, residentMb } from "./sample.ts";

const EVENT_BYTES = 295;
export const PARTITIONS = 12;
const SETTLE_MS = 5_000;

/** Records a second of the bare kafkajs loop, on a topic of its own. */
export const runBareLoop = async (services: Services, records: number): Promise<number> => {
  const topic = `bare${crypto.randomUUID().slice(0, 8)}`;
  await services.kafka.createTopics([{ name: topic, partitions: PARTITIONS }]);
  const brokers = services.kafka.brokers.join(",");
  return Number(await printedBy([...scriptOf("bare-loop.ts"), brokers, topic, String(records)]));
};

export const backlogOf = async (services: Services, pipeline: Pipeline, shards = 4): Promise<number> => {
  const redis = new Redis(services.redis.url);
  try {
    let backlog = 0;
    for (let shard = 0; shard < shards; shard++) {
      const [accepted, relayed, dead] = await redis.hmget(
        `{${pipeline.name}:${shard}}:count`,
        "accepted",
        "relayed",
        "dead",
      );
      backlog += Number(accepted ?? 0) - Number(relayed ?? 0) - Number(dead ?? 0);
    }
    return backlog;
  } finally {
    redis.disconnect();
  }
};

/** Posts through the edge until the backlog is at least this. */
const fill = async (services: Services, pipeline: Pipeline, events: number): Promise<void> => {
  const url = `${pipeline.edges[0]?.url}/v1/events`;
  while ((await backlogOf(services, pipeline)) < events) await runLoad({ url, batch: 100, seconds: 1, key: KEY });
};

type CatchUp = { readonly rate: number; readonly fullRate: number; readonly lowRate: number; readonly relayMb: number };

const sampleCatchUp = async (pipeline: Pipeline, events: number) => {
  const samples: { readonly atMs: number; readonly count: number }[] = [];
  await eventually(
    "the backlog in the topic",
    async () => {
      samples.push({ count: await countTopic(pipeline.addresses.brokers, pipeline.topic), atMs: performance.now() });
      return (samples.at(-1)?.count ?? 0) >= events;
    },
    300_000,
  );
  const rateBetween = (from: number, to: number): number => {
    const first = samples.find(({ count }) => count >= from * events) ?? samples[0];
    const last = samples.findLast(({ count }) => count <= to * events) ?? samples.at(-1);
    return (((last?.count ?? 0) - (first?.count ?? 0)) * 1000) / ((last?.atMs ?? 0) - (first?.atMs ?? 0));
  };
  return { rate: rateBetween(0.02, 1), fullRate: rateBetween(0.05, 0.35), lowRate: rateBetween(0.65, 0.95) };
};

/** Fills with the relay stopped, then times the relay alone. */
const catchUpOnce = async (services: Services, events: number): Promise<CatchUp> => {
  const pipeline = await startPipeline(services, { partitions: PARTITIONS });
  await pipeline.relays[0]?.kill("SIGTERM");
  await fill(services, pipeline, events);
  const total = await backlogOf(services, pipeline);
  await pipeline.edges[0]?.stop();
  let relayMb = 0;
  const watch = setInterval(() => {
    const pid = pipeline.relays[0]?.pid();
    if (pid !== undefined) relayMb = Math.max(relayMb, residentMb(pid));
  }, 100);
  await pipeline.relays[0]?.restart();
  const caughtUp = await sampleCatchUp(pipeline, total);
  clearInterval(watch);
  await pipeline.stop();
  await emptyRedis(services);
  return { ...caughtUp, relayMb };
};

/** The relay alone on a backlog against the bare loop, in turn. */
export const benchRelay = async (services: Services, events: number, rounds: number): Promise<Row[]> => {
  const bare: number[] = [];
  // A cold broker takes a third less (75,000, then 93,000 and 105,000), which would flatter us.
  await runBareLoop(services, Math.min(events, 300_000));
  const catchUps: CatchUp[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await runBareLoop(services, Math.min(events, 300_000)));
    const catchUp = await catchUpOnce(services, events);
    catchUps.push(catchUp);
    console.log(
      `  round ${round + 1}: ${Math.round(catchUp.rate)} records/s, bare loop ${Math.round(bare.at(-1) ?? 0)}`,
    );
  }
  const measured = (field: keyof CatchUp) => median(catchUps.map((catchUp) => catchUp[field]));
  return [
    atLeast(0.75, {
      workload: `relay alone, ${events} events of backlog, vs bare kafkajs loop`,
      ours: measured("rate"),
      baseline: median(bare),
      unit: "records/s",
      rounds,
    }),
    atLeast(0.95, {
      workload: "cost of backlog: relay rate while it is full vs while it is low",
      ours: measured("fullRate"),
      baseline: measured("lowRate"),
      unit: "records/s",
      rounds,
    }),
    below(110, {
      workload: "relay resident memory while it catches up",
      ours: measured("relayMb"),
      unit: "MB",
      rounds,
    }),
  ];
};

/** What the backlog costs: Redis memory, REST commands, and the memory of edge and relay. */
export const benchBacklog = async (services: Services, events: number): Promise<Row[]> => {
  const redis = new Redis(services.redis.url);
  const pipeline = await startPipeline(services, { partitions: PARTITIONS });
  // Right after a load the runtime has not given back what it freed; both states are read at the same distance from one.
  const settled = async () => {
    await Bun.sleep(SETTLE_MS);
    return [pipeline.edges[0], pipeline.relays[0]].map((app) => residentMb(app?.pid() ?? 0));
  };
  const url = `${pipeline.edges[0]?.url}/v1/events`;
  await runLoad({ url, batch: 100, seconds: 2, key: KEY });
  await eventually("no backlog", async () => (await backlogOf(services, pipeline)) === 0);
  const [edgeEmpty = 0, relayEmpty = 0] = await settled();
  await services.kafka.kill("SIGSTOP");
  const usedBefore = await usedMemory(redis);
  const dedupBefore = await dedupMemory(redis);
  const callsBefore = await evalCalls(redis);
  await fill(services, pipeline, events);
  const backlog = await backlogOf(services, pipeline);
  const dedup = (await dedupMemory(redis)) - dedupBefore;
  const used = (await usedMemory(redis)) - usedBefore - dedup;
  const calls = (await evalCalls(redis)) - callsBefore;
  console.log(`  edge right after the load: ${Math.round(residentMb(pipeline.edges[0]?.pid() ?? 0))} MB`);
  const [edgeFull = 0, relayFull = 0] = await settled();
  await services.kafka.kill("SIGCONT");
  redis.disconnect();
  await pipeline.stop();
  await emptyRedis(services);
  const rounds = 1;
  return [
    atMost(0.35, {
      workload: "Redis memory per backlogged event, batch 100, without dedup keys",
      ours: used / backlog,
      baseline: EVENT_BYTES,
      unit: "bytes",
      rounds,
    }),
    below(0.06, {
      workload: "Redis commands per event through the REST API, batch 100, 4 shards",
      ours: calls / backlog,
      unit: "commands",
      rounds,
    }),
    atMost(1.3, {
      workload: `edge resident memory at ${events} backlog vs at none`,
      ours: edgeFull,
      baseline: edgeEmpty,
      unit: "MB",
      rounds,
    }),
    atMost(1.3, {
      workload: `relay resident memory at ${events} backlog vs at none`,
      ours: relayFull,
      baseline: relayEmpty,
      unit: "MB",
      rounds,
    }),
    below(110, { workload: "edge resident memory at backlog", ours: edgeFull, unit: "MB", rounds }),
    below(110, { workload: "relay resident memory at backlog", ours: relayFull, unit: "MB", rounds }),
  ];
};

const usedMemory = async (redis: Redis): Promise<number> =>
  Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);

const evalCalls = async (redis: Redis): Promise<number> => {
  const stats = await redis.info("commandstats");
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
};

const dedupMemory = async (redis: Redis): Promise<number> => {
  let bytes = 0;
  for (const key of await redis.keys("*:known:*")) bytes += Number(await redis.memory("USAGE", key, "SAMPLES", 1000));
  return bytes;
};
