import { systemClock } from "@spillway/event";
import { API_KEY, KEY, type Pipeline } from "../support/world.ts";
import { startPoster } from "./posting.ts";
import { scriptOf } from "./printed.ts";
import { atMost, below, type Row } from "./row.ts";
import { median, percentile, residentMb } from "./sample.ts";

const ATTACKER = "attacker:key-of-the-attacker";
const PER_SECOND = 300;
const SAMPLE_MS = 50;

/** The edge that is attacked knows the attacker, by a key of another name. */
export const hostileEnv = { API_KEYS: `${API_KEY},${ATTACKER}` };

/** What the attacker sends: all that is small and costs much, or one kind of it; and how many bodies it holds meanwhile. */
type Attack = { readonly name: string; readonly kinds: readonly string[]; readonly held: number };

const mixed: readonly Attack[] = [
  { name: "ten connections send what costs most", kinds: [], held: 0 },
  { name: "they do, and 120 hold a body of 4 MiB", kinds: [], held: 120 },
];

/** Starts the attack; `began` once its requests are made, which takes it a second of this machine's time. */
const startAttacker = (url: string, { kinds, held }: Attack) => {
  const child = Bun.spawn([...scriptOf("attacker.ts"), url, ATTACKER.split(":")[1] ?? "", String(held), ...kinds], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const said = child.stdout.getReader();
  const line = async () => new TextDecoder().decode((await said.read()).value).trim();
  const end = async (): Promise<string> => {
    child.stdin.write("end\n");
    child.stdin.end();
    return line();
  };
  return { began: line(), end };
};

type Watched = { readonly p99Ms: number; readonly residentMb: number };

/**
 * What a client sees that posts single events at a moderate rate, and the most memory that the edge has meanwhile.
 * @throws when the edge did not take one of its events: an edge that refuses is a quick one, and no good one.
 */
const watch = async (url: string, pid: number, seconds: number): Promise<Watched> => {
  const poster = startPoster("paced", url, KEY, String(PER_SECOND));
  let most = 0;
  for (
    const started = performance.now();
    performance.now() - started < seconds * 1_000;
    await systemClock.sleep(SAMPLE_MS)
  )
    most = Math.max(most, residentMb(pid));
  const { latencies, failed } = await poster.end();
  if (failed > 0) throw new Error(`${failed} of ${latencies.length} events of the client were not taken`);
  return { p99Ms: percentile(latencies, 0.99), residentMb: most };
};

type Compared = { readonly aloneMs: number; readonly attackedMs: number; readonly residentMb: number };

/** One round: the client alone, then from just before the attack begins until it has lasted. */
const compare = async (url: string, pid: number, seconds: number, attack: Attack): Promise<Compared> => {
  const alone = await watch(url, pid, seconds);
  const attacker = startAttacker(url, attack);
  await attacker.began;
  const attacked = await watch(url, pid, seconds);
  const answers = await attacker.end();
  console.log(
    `  ${attack.name}: p99 ${alone.p99Ms.toFixed(1)} ms alone, ${attacked.p99Ms.toFixed(1)} attacked, ` +
      `${Math.round(attacked.residentMb)} MB; the attacker was answered ${answers}`,
  );
  return { aloneMs: alone.p99Ms, attackedMs: attacked.p99Ms, residentMb: attacked.residentMb };
};

/** A client's p99 alone and under each attack, in turn. `KINDS`: those kinds, each by itself, in place of the mix. */
export const benchHostile = async (pipeline: Pipeline, rounds: number, seconds: number): Promise<Row[]> => {
  const [edge] = pipeline.edges;
  const url = edge?.url ?? "";
  const pid = edge?.pid() ?? 0;
  const kinds = process.env.KINDS?.split(",") ?? [];
  const attacks = kinds.length > 0 ? kinds.map((name) => ({ name, kinds: [name], held: 0 })) : mixed;
  const rows: Row[] = [];
  await watch(url, pid, seconds);
  for (const attack of attacks) {
    const compared: Compared[] = [];
    for (let round = 0; round < rounds; round++) compared.push(await compare(url, pid, seconds, attack));
    const workload = `${PER_SECOND} single events/s while ${attack.name}`;
    const ours = median(compared.map(({ attackedMs }) => attackedMs));
    const baseline = median(compared.map(({ aloneMs }) => aloneMs));
    const most = Math.max(...compared.map(({ residentMb }) => residentMb));
    rows.push(
      atMost(2, { workload: `${workload}, p99 vs alone`, ours, baseline, unit: "ms", rounds }),
      below(200, { workload: `${workload}, edge resident memory`, ours: most, unit: "MB", rounds }),
    );
  }
  return rows;
};
