/** What an append obeys. The edge and the drain must be configured alike. */
export type StreamLimits = {
  /** An id is remembered for at least one window and at most two; s, at least 1. */
  readonly dedupWindowSeconds: number;
  /** A shard that holds this many events refuses more; exceeded by one chunk at most. */
  readonly backlogEventsMax: number;
  /** The same in bytes of chunks as stored (base64). */
  readonly backlogBytesMax: number;
};

/** Throws `TypeError` unless every limit is a positive integer. */
export const checkLimits = (limits: StreamLimits): void => {
  for (const name of ["dedupWindowSeconds", "backlogEventsMax", "backlogBytesMax"] as const) {
    const value = limits[name];
    if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`${name} is ${value}: accepts integers from 1`);
  }
};
