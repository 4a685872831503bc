import type { Outcome } from "@spillway/event";

type Fatal = Extract<Outcome, { kind: "fatal" }>;

/** One poison record in 500 costs 17 requests, three cost 47 (measured): above this it is not about single records. */
const REQUESTS_MAX = 64;
const SMALL_BATCH = 100;
const REJECTED_PART_MAX = 0.2;

/**
 * Watches one batch being taken apart, and says when it is the topic that refuses and not a record: then the lane pauses
 * and alarms instead of emptying the stream into the dead letters. What is too large is too large: not counted.
 */
export type Refusals = {
  /** A publish of `records` records was refused; true when it is time to pause, after which the count starts again. */
  tooMany(fatal: Fatal, records: number): boolean;
};

export const createRefusals = (batchRecords: number): Refusals => {
  let requests = 0;
  let rejected = 0;
  return {
    tooMany: (fatal, records) => {
      if (fatal.deadLetterClass === "oversize") return false;
      // About half of the requests of a bisection are refused; the other half succeeds and is not seen here.
      requests += 2;
      if (records === 1) rejected++;
      const many = requests > REQUESTS_MAX;
      const most = batchRecords >= SMALL_BATCH && rejected > batchRecords * REJECTED_PART_MAX;
      if (!many && !most) return false;
      requests = 0;
      rejected = 0;
      return true;
    },
  };
};
