import { parseArgs } from "node:util";
import type { Bug } from "./bug.ts";
import { createTally, merge, type Tally } from "./campaign.ts";
import { everyBug } from "./every-bug.ts";
import { hunt } from "./hunt.ts";
import { simulate } from "./simulation.ts";
import type { Share } from "./worker.ts";

/*
 * `npm run simulate`: 10,000 seeds, one world each.
 *   --seeds 500 --from 1   how many, and where to begin
 *   --workers 2            how many at once
 *   --seed 317             one seed, with the trace of its port calls (or SEED=317)
 *   --bugs                 the first seed that finds each seeded bug, written to found-in.json
 *   --bug "the drain ..."  the same of this bug only; with --seed: that seed with this bug
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
    seed: { type: "string" },
    bug: { type: "string" },
    bugs: { type: "boolean", default: false },
  },
});

const bugOf = (name: string): Bug => {
  const bug = everyBug[name];
  if (!bug) throw new RangeError(`--bug: accepts one of\n${Object.keys(everyBug).join("\n")}`);
  return bug;
};

/** Answers whether the seed broke no promise. */
const replay = async (seed: number, bug: Bug | undefined): Promise<boolean> => {
  const result = await simulate(seed, { keepTrace: true, ...(bug && { bug }) });
  console.log(result.trace.join("\n"));
  console.log(
    `\nseed ${seed}, trace ${result.hash}, ${result.accepted} accepted, ${result.violations.length} broken promises`,
  );
  for (const violation of result.violations) console.log(`  ${violation}`);
  return result.violations.length === 0;
};

const record = new URL("found-in.json", import.meta.url);

/** Of a bug that is not found the record keeps the seed that it had. */
const huntEach = async (bugs: Readonly<Record<string, Bug>>, seedsMax: number): Promise<boolean> => {
  const seeds: Record<string, number> = await Bun.file(record).json();
  let isEachFound = true;
  for (const [name, bug] of Object.entries(bugs)) {
    const found = await hunt(bug, seedsMax);
    isEachFound &&= found !== null;
    if (found) seeds[name] = found.seed;
    console.log(`${found?.seed ?? `not in ${seedsMax}`}: ${name}: ${found?.violation ?? ""}`);
  }
  await Bun.write(record, `${JSON.stringify(seeds, null, 2)}\n`);
  return isEachFound;
};

const show = (tally: Tally, of: number, seconds: number): void => {
  const { seeds, accepted, relayed, dead, simulatedMs, failures } = tally;
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  console.log(
    `${seeds} of ${of} seeds in ${seconds.toFixed(0)} s (${hours} simulated hours): ` +
      `${accepted} accepted, ${relayed} records, ${dead} dead, ${failures.length} seeds failed`,
  );
};

const campaign = async (from: number, seeds: number, workers: number): Promise<boolean> => {
  const total = createTally();
  const startMs = performance.now();
  const share = (n: number): Share => ({ first: from + n, step: workers, end: from + seeds });
  const work = (n: number) =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL("./worker.ts", import.meta.url).href);
      worker.onmessage = ({ data }: MessageEvent<{ tally: Tally; isLast: boolean }>) => {
        for (const { seed, violations } of data.tally.failures)
          console.log(`seed ${seed} FAILED: ${[...new Set(violations)].slice(0, 3).join("; ")}`);
        const before = total.seeds;
        merge(total, data.tally);
        if (Math.floor(before / 1_000) < Math.floor(total.seeds / 1_000))
          show(total, seeds, (performance.now() - startMs) / 1_000);
        if (!data.isLast) return;
        worker.terminate();
        resolve();
      };
      worker.onerror = (event) => reject(new Error(`worker ${n}: ${event.message}`));
      worker.postMessage(share(n));
    });
  await Promise.all(Array.from({ length: workers }, (_, n) => work(n)));
  show(total, seeds, (performance.now() - startMs) / 1_000);
  if (total.failures.length > 0) console.log(`replay one with: npm run simulate -- --seed ${total.failures[0]?.seed}`);
  return total.failures.length === 0;
};

const seed = values.seed ?? process.env.SEED;
const bug = values.bug === undefined ? undefined : bugOf(values.bug);
const bugs = values.bug === undefined ? everyBug : { [values.bug]: bugOf(values.bug) };
const isGood =
  seed !== undefined
    ? await replay(Number(seed), bug)
    : values.bugs || bug
      ? await huntEach(bugs, Number(values.seeds))
      : await campaign(Number(values.from), Number(values.seeds), Number(values.workers));
process.exit(isGood ? 0 : 1);
