import { eventually } from "@spillway/backends/eventually";
import { systemClock } from "@spillway/event";
import { API_KEY, KEY, type Services, startPipeline } from "../support/world.ts";
import { emptyRedis } from "./ingest.ts";
import { runLoad } from "./loader.ts";
import { cpuByPart, cpuSince, microsOf } from "./parts.ts";
import { startPoster } from "./posting.ts";
import { scriptOf } from "./printed.ts";
import { PARTITIONS } from "./relay.ts";
import { atLeast, atMost, type Row } from "./row.ts";
import { median, percentile } from "./sample.ts";
import { watchTopic } from "./topic-watch.ts";

const NEIGHBOUR = "neighbour:key-of-the-neighbour";
const PER_SECOND = 300;
/** Before anything is measured, so that what is in trouble is so already. */
const BEGIN_MS = 3_000;
/** What cannot be read so long after the last post is not there. */
const READABLE_MS = 10_000;

/** What the neighbour sends, and how much of it; every event is as long as any other. */
type Kind = {
  readonly type: string;
  readonly spread: "many" | "one";
  readonly perSecond: number;
  /** Of the neighbour's key; none unless given. */
  readonly quota?: string;
};
type Trouble = Kind & { readonly name: string };

const troubles: readonly Trouble[] = [
  { name: "200 poison records/s of a neighbour's", type: "poison.x", spread: "many", perSecond: 200 },
  { name: "2,000 events/s of a neighbour's on one key", type: "calm.x", spread: "one", perSecond: 2_000 },
  {
    name: "2,000 events/s of a neighbour's whose quota is 200/s",
    type: "calm.x",
    spread: "many",
    perSecond: 2_000,
    quota: "neighbour=200/s",
  },
  {
    name: "200 events/s of a neighbour's for a topic that is not there",
    type: "missing.x",
    spread: "many",
    perSecond: 200,
  },
];

const startNeighbour = (url: string, { type, spread, perSecond }: Kind) => {
  const child = Bun.spawn(
    [...scriptOf("neighbour.ts"), url, NEIGHBOUR.split(":")[1] ?? "", type, spread, String(perSecond)],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  return async (): Promise<string> => {
    child.stdin.write("end\n");
    child.stdin.end();
    return (await new Response(child.stdout).text()).trim();
  };
};

type Seen = { readonly rate: number; readonly p99Ms: number };

/** What a victim sees beside this neighbour: how many single events it can post, and how soon they can be read. */
const watch = async (services: Services, seconds: number, kind: Kind): Promise<Seen> => {
  const name = `n${crypto.randomUUID().slice(0, 8)}`;
  const topics = { calm: {}, poison: { "max.message.bytes": "300" } };
  await services.kafka.createTopics(
    Object.entries(topics).map(([topic, settings]) => ({ name: `${name}-${topic}`, partitions: PARTITIONS, settings })),
  );
  const pipeline = await startPipeline(services, {
    partitions: PARTITIONS,
    edgeEnv: { API_KEYS: `${API_KEY},${NEIGHBOUR}`, API_KEY_QUOTAS: kind.quota ?? "" },
    relayEnv: { KAFKA_TOPIC_ROUTES: ["calm", "poison", "missing"].map((each) => `${each}.=${name}-${each}`).join(",") },
  });
  const url = pipeline.edges[0]?.url ?? "";
  const endNeighbour = startNeighbour(url, kind);
  await systemClock.sleep(BEGIN_MS);
  const reading = await watchTopic(pipeline.addresses.brokers, pipeline.topic);
  const poster = startPoster("paced", url, KEY, String(PER_SECOND));
  await systemClock.sleep(seconds * 1_000);
  const { accepted, failed } = await poster.end();
  const isReadable = () => reading.latencies.length >= accepted;
  const areReadable = await eventually("all of them in the topic", isReadable, READABLE_MS).then(
    () => true,
    () => false,
  );
  await reading.stop();
  if (failed > 0) throw new Error(`${failed} events of the victim were not taken`);
  const before = cpuByPart(pipeline, services);
  const loaded = await runLoad({ url: `${url}/v1/events`, batch: 1, seconds, key: KEY });
  const used = microsOf(cpuSince(before, cpuByPart(pipeline, services)), loaded.requestsPerSecond * seconds);
  console.log(
    `  beside ${kind.type} ${kind.spread}: ${await endNeighbour()}; µs of CPU an event of the victim: ${used}`,
  );
  await pipeline.stop();
  await emptyRedis(services);
  return { rate: loaded.requestsPerSecond, p99Ms: areReadable ? percentile(reading.latencies, 0.99) : Infinity };
};

/** In turn beside a neighbour that is in trouble, and beside one that sends as much and is not. */
export const benchTroubled = async (services: Services, rounds: number, seconds: number): Promise<Row[]> => {
  const rows: Row[] = [];
  const wanted = process.env.TROUBLES?.split(",") ?? [];
  for (const trouble of troubles.filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  )) {
    const troubled: Seen[] = [];
    const calm: Seen[] = [];
    for (let round = 0; round < rounds; round++) {
      const kinds = [
        [troubled, trouble],
        [calm, { ...trouble, type: "calm.x", spread: "many", quota: "" }],
      ] as const;
      for (const [seen, kind] of round % 2 === 0 ? kinds : [...kinds].reverse())
        seen.push(await watch(services, seconds, kind));
    }
    const row = (what: string, unit: string, of: (seen: Seen) => number) => ({
      workload: `${what} beside ${trouble.name} vs as much without trouble`,
      ours: median(troubled.map(of)),
      baseline: median(calm.map(of)),
      unit,
      rounds,
    });
    rows.push(
      atLeast(
        0.9,
        row("single events of a victim, 64 connections,", "events/s", ({ rate }) => rate),
      ),
      atMost(
        1.11,
        row(`post to readable of a victim, ${PER_SECOND} events/s, p99,`, "ms", ({ p99Ms }) => p99Ms),
      ),
    );
  }
  return rows;
};
