import type { Outcome } from "@spillway/event";

type Fatal = Extract<Outcome, { kind: "fatal" }>;

/** One poison record in 500 costs 17 requests, three cost 47 (measured): above this it is not about single records. */
const REQUESTS_MAX = 64;
const SMALL_BATCH = 100;
const REJECTED_PART_MAX = 0.2;
/** Single records refused one after the other without one that was taken. */
const IN_A_ROW_MAX = 16;

/**
 * Watches what a partition refuses, and says when it is the topic that refuses and not a record: then the lane pauses
 * and alarms instead of emptying the stream into the dead letters. While nothing at all is taken, each further dead
 * letter costs a pause: one in half a minute, so that good records behind bad ones come through in the end. What is too
 * large is too large: not counted.
 */
export type Refusals = {
  /** A new batch begins. */
  begin(records: number): void;
  taken(): void;
  /** A publish of `records` records was refused; true when it is time to pause. */
  refused(fatal: Fatal, records: number): boolean;
};

export const createRefusals = (): Refusals => {
  let batch = 0;
  let requests = 0;
  let rejected = 0;
  let inARow = 0;

  const begin = (records: number): void => {
    batch = records;
    requests = 0;
    rejected = 0;
  };

  const isTooMuch = (): boolean => {
    const most = batch >= SMALL_BATCH && rejected > batch * REJECTED_PART_MAX;
    return requests > REQUESTS_MAX || most;
  };

  return {
    begin,
    taken: () => {
      inARow = 0;
    },
    refused: (fatal, records) => {
      if (fatal.deadLetterClass === "oversize") return false;
      // About half of the requests of a bisection are refused; the other half succeeds and is not seen here.
      requests += 2;
      if (records === 1) {
        rejected++;
        inARow++;
        if (inARow > IN_A_ROW_MAX) return true;
      }
      if (!isTooMuch()) return false;
      begin(batch);
      return true;
    },
  };
};
