import { execSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { benchBoth } from "./both.ts";
import { benchConnections } from "./connections.ts";
import { benchFleet } from "./fleet.ts";
import { benchIdle, benchLatency, benchReplicated } from "./fresh.ts";
import { benchHostile, hostileEnv } from "./hostile.ts";
import { benchIngest, emptyRedis } from "./ingest.ts";
import { benchLetters } from "./letters.ts";
import { loaderName, runLoad } from "./loader.ts";
import { benchObserved } from "./observed.ts";
import { benchBacklog, benchRelay } from "./relay.ts";
import { type Row, tableOf } from "./row.ts";
import { benchRuntimes } from "./runtimes.ts";
import { benchTcp } from "./tcp.ts";
import { watcherName } from "./topic-watch.ts";
import { benchTroubled } from "./troubled.ts";
import { benchThrough, benchWhole } from "./whole.ts";

/*
 * `npm run bench [part …]`: starts its own stack, warms up, runs us and the baselines in turn, prints medians and ratios,
 * and writes .spillway/bench.json. ROUNDS, SECONDS, BACKLOG, LETTERS and SUSTAIN_SECONDS make a run longer or shorter. BEFORE names
 * a commit whose edge runs in turn with ours in the parts single and batch; KINDS what `hostile` sends, each by itself; TROUBLES those of `troubled` whose names have one of these words.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const setting = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const rounds = setting("ROUNDS", 3);
const seconds = setting("SECONDS", 5);
const backlog = setting("BACKLOG", 1_000_000);
const sustainSeconds = setting("SUSTAIN_SECONDS", 60);
const letters = setting("LETTERS", 1_000_000);
const ingest = { rounds, seconds, before: process.env.BEFORE || null };

const withIngest = async (
  services: Services,
  bench: (pipeline: Pipeline) => Promise<Row[]>,
  edgeEnv: Readonly<Record<string, string>> = {},
): Promise<Row[]> => {
  const pipeline = await startPipeline(services, { relays: 0, edgeEnv });
  try {
    return await bench(pipeline);
  } finally {
    await pipeline.stop();
    await emptyRedis(services);
  }
};

const parts: Record<string, (services: Services) => Promise<Row[]>> = {
  single: (services) => withIngest(services, (pipeline) => benchIngest(services, pipeline, 1, ingest)),
  batch: (services) => withIngest(services, (pipeline) => benchIngest(services, pipeline, 100, ingest)),
  tcp: (services) => withIngest(services, (pipeline) => benchTcp(services, pipeline, rounds, seconds)),
  fleet: (services) => withIngest(services, (pipeline) => benchFleet(services, pipeline, rounds, seconds)),
  connections: (services) => withIngest(services, (pipeline) => benchConnections(services, pipeline, rounds, seconds)),
  runtimes: (services) => withIngest(services, (pipeline) => benchRuntimes(services, pipeline, rounds, seconds)),
  observed: (services) => withIngest(services, (pipeline) => benchObserved(services, pipeline, rounds, seconds)),
  both: (services) => benchBoth(services, rounds, seconds),
  hostile: (services) => withIngest(services, (pipeline) => benchHostile(pipeline, rounds, seconds), hostileEnv),
  troubled: (services) => benchTroubled(services, rounds, seconds),
  through: (services) => benchThrough(services, rounds, seconds),
  latency: (services) => benchLatency(services, Math.max(10, seconds)),
  replicated: () => benchReplicated(Math.max(10, seconds)),
  idle: (services) => benchIdle(services),
  letters: (services) => benchLetters(services, letters, Math.max(5, rounds)),
  relay: (services) => benchRelay(services, backlog, rounds),
  backlog: (services) => benchBacklog(services, backlog),
  whole: (services) => benchWhole(services, sustainSeconds),
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in parts));
if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`);

const loaderCeiling = async (): Promise<{ single: number; batch: number }> => {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("ok") });
  const url = `${server.url}v1/events`;
  const single = await runLoad({ url, batch: 1, seconds: 3, key: "" });
  const batch = await runLoad({ url, batch: 100, seconds: 3, key: "" });
  await server.stop(true);
  return { single: single.requestsPerSecond, batch: batch.requestsPerSecond * 100 };
};

const ceiling = await loaderCeiling();
console.log(
  `loader: ${loaderName}, its own ceiling ${Math.round(ceiling.single)} events/s single, ${Math.round(ceiling.batch)} in batches`,
);

const services = await startServices({ redis: { settings: { maxmemory: "4gb" } } });
const rows: Row[] = [];
try {
  for (const [name, bench] of Object.entries(parts)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    console.log(`${name}:`);
    rows.push(...(await bench(services)));
  }
} finally {
  await services.stop();
}

const report = {
  machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30) },
  versions: { bun: Bun.version, loader: loaderName, loaderCeiling: ceiling, consumer: watcherName },
  commit: execSync("git rev-parse --short HEAD", { cwd: root }).toString().trim(),
  date: new Date().toISOString(),
  rows,
};
mkdirSync(`${root}.spillway`, { recursive: true });
writeFileSync(`${root}.spillway/bench.json`, `${JSON.stringify(report, null, 2)}\n`);
console.log(`\n${tableOf(rows)}\n\n${rows.filter((row) => row.met).length} of ${rows.length} bars met`);
process.exit(0);
