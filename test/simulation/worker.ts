import { count, createTally } from "./campaign.ts";
import { simulate } from "./simulation.ts";

/** Seeds `first`, `first + step`, … below `end`. */
export type Share = { readonly first: number; readonly step: number; readonly end: number };

const REPORT_EVERY = 250;

declare const self: Worker;

self.onmessage = async ({ data }: MessageEvent<Share>) => {
  let tally = createTally();
  for (let seed = data.first; seed < data.end; seed += data.step) {
    count(tally, await simulate(seed));
    if (tally.seeds < REPORT_EVERY) continue;
    self.postMessage({ tally, isLast: false });
    tally = createTally();
  }
  self.postMessage({ tally, isLast: true });
};
