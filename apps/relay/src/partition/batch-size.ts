const LEAST = 50;
/** kafkajs needs 3–4 ms of blocking work for 1,000 records of one partition, 50–60 ms for 5,000. */
export const BATCH_RECORDS_MAX = 1_000;
const FIRST = 500;
const STEP = 100;
/** Twelve partitions at 500 a batch answer in 70–140 ms on two busy cores. */
const SLOW_MS = 400;

/**
 * How many records one publish may hold: grows by a step while a full batch is confirmed quickly and more is waiting,
 * halves when it was slow or failed. Under light load it plays no part: an idle lane sends what it has at once.
 */
export const createBatchSize = () => {
  let recordsMax = FIRST;
  const halve = () => {
    recordsMax = Math.max(LEAST, Math.floor(recordsMax / 2));
  };
  return {
    get recordsMax() {
      return recordsMax;
    },
    confirmed: (records: number, latencyMs: number, waiting: number): void => {
      if (records < recordsMax) return;
      if (latencyMs > SLOW_MS) halve();
      else if (waiting > 0) recordsMax = Math.min(BATCH_RECORDS_MAX, recordsMax + STEP);
    },
    failed: halve,
  };
};
