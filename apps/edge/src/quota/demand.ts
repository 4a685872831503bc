/** Within so many ms a change is half seen (more exactly: to 63 %). FADE of libs/stream/src/scripts/usage.lua. */
const FADE_MS = 2_000;
/** Of a thousand requests in this time one is faded for all: it changes half a percent. */
const STEP_MS = 10;

/**
 * How much comes, a second: what came counts less and less. Long enough that a batch each second looks like what it is, wherever in
 * its second it is looked at: with one second two edges of a quota of 100 events/s and batches of 100 would take 115.
 */
export const createDemand = (nowMs: number) => {
  let perSecond = 0;
  let atMs = nowMs;
  const fade = (toMs: number): void => {
    if (toMs - atMs < STEP_MS) return;
    perSecond *= Math.exp((atMs - toMs) / FADE_MS);
    atMs = toMs;
  };
  return {
    add: (amount: number, nowMs: number): void => {
      fade(nowMs);
      perSecond += (amount * 1_000) / FADE_MS;
    },
    perSecond: (nowMs: number): number => {
      fade(nowMs);
      return perSecond;
    },
  };
};
