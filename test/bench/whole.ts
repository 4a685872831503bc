import { eventually } from "@spillway/backends/eventually";
import { systemClock } from "@spillway/event";
import { KEY, type Pipeline, type Services, startPipeline } from "../support/world.ts";
import { emptyRedis, startBaseline } from "./ingest.ts";
import { runLoad } from "./loader.ts";
import { startPoster } from "./posting.ts";
import { backlogOf, PARTITIONS, runBareLoop } from "./relay.ts";
import { atLeast, atMost, type Row } from "./row.ts";
import { median } from "./sample.ts";

/** Above this backlog the poster pauses, so that what is accepted is what is relayed. */
const BACKLOG_FLAT = 20_000;

/** Everything at once: events/s accepted over the time, the backlog held flat. */
const sustain = async (services: Services, seconds: number): Promise<number> => {
  const pipeline = await startPipeline(services, { partitions: PARTITIONS });
  const poster = startPoster("flat", pipeline.edges[0]?.url ?? "", KEY);
  const started = performance.now();
  while (performance.now() - started < seconds * 1000) {
    poster.tell((await backlogOf(services, pipeline)) > BACKLOG_FLAT ? "pause" : "go");
    await systemClock.sleep(20);
  }
  const elapsed = performance.now() - started;
  const backlog = await backlogOf(services, pipeline);
  const { accepted, failed } = await poster.end();
  if (failed > 0) console.log(`  ${failed} events failed`);
  await pipeline.stop();
  await emptyRedis(services);
  return ((accepted - backlog) * 1000) / elapsed;
};

export const benchWhole = async (services: Services, seconds: number): Promise<Row[]> => {
  const bare = median([await runBareLoop(services, 300_000), await runBareLoop(services, 300_000)]);
  return [
    atLeast(0.65, {
      workload: `everything at once, batch 100, ${seconds} s, backlog flat, vs bare kafkajs loop alone`,
      ours: await sustain(services, seconds),
      baseline: bare,
      unit: "events/s",
      rounds: 1,
    }),
  ];
};

/** Median p99 of the requests, in turn with Kafka running and frozen: one rewrite of Redis's log in one run says nothing. */
const withAndWithoutKafka = async (services: Services, pipeline: Pipeline, rounds: number, seconds: number) => {
  const load = { url: `${pipeline.edges[0]?.url}/v1/events`, batch: 1, seconds, key: KEY } as const;
  const up: number[] = [];
  const stopped: number[] = [];
  for (let round = 0; round < rounds; round++) {
    up.push((await runLoad(load)).p99Ms);
    await services.kafka.kill("SIGSTOP");
    stopped.push((await runLoad(load)).p99Ms);
    await services.kafka.kill("SIGCONT");
    await eventually("no backlog", async () => (await backlogOf(services, pipeline)) < 1_000, 60_000);
  }
  return { up: median(up), stopped: median(stopped) };
};

/** Single events with the relay publishing meanwhile, the lag watched, against the handler that stores nothing. */
export const benchThrough = async (services: Services, rounds: number, seconds: number): Promise<Row[]> => {
  const pipeline = await startPipeline(services, { partitions: PARTITIONS });
  const nothing = await startBaseline("nothing", services, pipeline.topic);
  const ours: number[] = [];
  const baseline: number[] = [];
  const lags: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const load = { batch: 1, seconds, key: KEY } as const;
    const loaded = await runLoad({ ...load, url: `${pipeline.edges[0]?.url}/v1/events` });
    lags.push((await backlogOf(services, pipeline)) / loaded.requestsPerSecond);
    ours.push(loaded.requestsPerSecond);
    baseline.push((await runLoad({ ...load, url: `${nothing.url}/v1/events` })).requestsPerSecond);
  }
  const { up, stopped } = await withAndWithoutKafka(services, pipeline, rounds, seconds);
  await nothing.stop();
  await pipeline.stop();
  await emptyRedis(services);
  const lag = median(lags);
  console.log(`  lag at the end of the load: ${lag.toFixed(2)} s`);
  const through = atLeast(0.3, {
    workload: "single events with the relay publishing meanwhile, lag <= 1 s, vs nothing",
    ours: median(ours),
    baseline: median(baseline),
    unit: "events/s",
    rounds,
  });
  return [
    { ...through, met: through.met && lag <= 1 },
    atMost(1.15, {
      workload: "request p99 with Kafka stopped vs up",
      ours: stopped,
      baseline: up,
      unit: "ms",
      rounds,
    }),
  ];
};
