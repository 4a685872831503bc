/** What may be taken at once after a pause: a second's worth, so that a batch as large as that is taken whole. */
const DEPTH_SECONDS = 1;
/** Until the others are known: each of many edges that start would else have a second's worth of all of it. */
const FIRST_SECONDS = 0.25;

/** A token bucket. Whatever finds it not empty may be taken, whole; the next one waits until that is made up for. */
export const createBucket = (perSecondFirst: number, nowMs: number) => {
  let perSecond = perSecondFirst;
  let level = Math.max(1, perSecondFirst * FIRST_SECONDS);
  let depthSeconds = FIRST_SECONDS;
  let atMs = nowMs;
  const depth = (): number => Math.max(1, perSecond * depthSeconds);
  const fill = (toMs: number): void => {
    level = Math.min(depth(), level + (perSecond * (toMs - atMs)) / 1_000);
    atMs = toMs;
  };
  return {
    level: (nowMs: number): number => {
      fill(nowMs);
      return level;
    },
    take: (amount: number): void => {
      level -= amount;
    },
    /** From now on it fills at another rate. */
    fillAt: (next: number, nowMs: number): void => {
      fill(nowMs);
      perSecond = next;
      depthSeconds = DEPTH_SECONDS;
      level = Math.min(level, depth());
    },
    /** Until it is not empty. */
    waitMs: (nowMs: number): number => {
      fill(nowMs);
      return level > 0 ? 0 : (1_000 * -level) / perSecond;
    },
  };
};
