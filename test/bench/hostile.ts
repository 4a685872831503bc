import { fileURLToPath } from "node:url";
import { API_KEY, type Pipeline } from "../support/world.ts";
import { startPoster } from "./posting.ts";
import { atMost, below, type Row } from "./row.ts";
import { median, percentile, residentMb } from "./sample.ts";

const KEY = API_KEY.split(":")[1] ?? "";
const PER_SECOND = 300;
const SAMPLE_MS = 50;
const attackerEntry = fileURLToPath(new URL("attacker.ts", import.meta.url));
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const startAttacker = (url: string) => {
  const child = Bun.spawn([process.execPath, attackerEntry, url, KEY], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  return async (): Promise<string> => {
    child.stdin.write("end\n");
    child.stdin.end();
    return (await new Response(child.stdout).text()).trim();
  };
};

type Watched = { readonly p99Ms: number; readonly failed: number; readonly residentMb: number };

/** What a client sees that posts single events at a moderate rate, and the most memory that the edge has meanwhile. */
const watch = async (url: string, pid: number, seconds: number): Promise<Watched> => {
  const poster = startPoster("paced", url, KEY, String(PER_SECOND));
  let most = 0;
  for (const started = performance.now(); performance.now() - started < seconds * 1_000; await sleep(SAMPLE_MS))
    most = Math.max(most, residentMb(pid));
  const { latencies, failed } = await poster.end();
  return { p99Ms: percentile(latencies, 0.99), failed, residentMb: most };
};

/** A client's p99 alone, and while ten connections send what costs most and 120 bodies are held, in turn. */
export const benchHostile = async (pipeline: Pipeline, rounds: number, seconds: number): Promise<Row[]> => {
  const [edge] = pipeline.edges;
  const url = edge?.url ?? "";
  const pid = edge?.pid() ?? 0;
  await watch(url, pid, seconds);
  const alone: number[] = [];
  const attacked: number[] = [];
  let most = 0;
  for (let round = 0; round < rounds; round++) {
    alone.push((await watch(url, pid, seconds)).p99Ms);
    const endAttack = startAttacker(url);
    await sleep(1_000);
    const watched = await watch(url, pid, seconds);
    attacked.push(watched.p99Ms);
    most = Math.max(most, watched.residentMb);
    console.log(
      `  round ${round + 1}: p99 ${alone.at(-1)?.toFixed(1)} ms alone, ${watched.p99Ms.toFixed(1)} attacked, ` +
        `${watched.failed} failed, ${Math.round(watched.residentMb)} MB; the attackers were answered ${await endAttack()}`,
    );
  }
  const workload = `${PER_SECOND} single events/s while ten connections send what costs most and 120 hold 4 MiB`;
  return [
    atMost(2, {
      workload: `${workload}, p99 vs alone`,
      ours: median(attacked),
      baseline: median(alone),
      unit: "ms",
      rounds,
    }),
    below(200, { workload: `${workload}, edge resident memory`, ours: most, unit: "MB", rounds }),
  ];
};
