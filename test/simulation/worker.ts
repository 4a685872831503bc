import { count, createTally } from "./campaign.ts";
import { simulate } from "./simulation.ts";

/** Seeds `first`, `first + step`, … below `end`. */
export type Share = { readonly first: number; readonly step: number; readonly end: number };

const REPORT_EVERY = 250;

declare const self: Worker;

let running = 0;

/** A promise of production code that nobody caught would end its process. */
process.on("unhandledRejection", (error) => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const tally = createTally();
  tally.failures.push({ seed: running, violations: [`nobody caught: ${text}`] });
  self.postMessage({ tally, isLast: false });
});

self.onmessage = async ({ data }: MessageEvent<Share>) => {
  let tally = createTally();
  for (let seed = data.first; seed < data.end; seed += data.step) {
    running = seed;
    count(tally, await simulate(seed));
    if (tally.seeds < REPORT_EVERY) continue;
    self.postMessage({ tally, isLast: false });
    tally = createTally();
  }
  self.postMessage({ tally, isLast: true });
};
