import { createBucket } from "./bucket.ts";
import { createDemand } from "./demand.ts";

/** Who was away for so long does not know any more what part of it is his. */
const AWAY_MS = 3_000;
/** Of the whole, so that whoever asked for little may still take something and be heard again. */
const LEAST_PART = 0.001;

/**
 * One number of a quota, so much a second for all edges together, of which this edge has a part: as much as of all that comes
 * comes to it. It takes from its own bucket and asks nobody; while nobody tells it of the others, its part stays.
 */
export const createLimit = (perSecond: number, nowMs: number) => {
  const demand = createDemand(nowMs);
  const bucket = createBucket(perSecond, nowMs);
  let told = 0;
  let edges: number | null = null;
  let usedAtMs = nowMs;
  return {
    /** So much comes, taken or not. */
    comes: (amount: number, nowMs: number): void => {
      if (edges !== null && nowMs - usedAtMs > AWAY_MS) bucket.fillAt(perSecond / edges, nowMs);
      usedAtMs = nowMs;
      demand.add(amount, nowMs);
    },
    level: bucket.level,
    take: bucket.take,
    waitMs: bucket.waitMs,
    /** What is to be told to the others. */
    tell: (nowMs: number): number => {
      told = demand.perSecond(nowMs);
      return told;
    },
    heard: (ofAll: number, edgesNow: number, nowMs: number): void => {
      edges = edgesNow;
      const part = ofAll > 0 ? Math.min(1, Math.max(LEAST_PART, told / ofAll)) : 1 / edgesNow;
      bucket.fillAt(perSecond * part, nowMs);
    },
  };
};

export type Limit = ReturnType<typeof createLimit>;
