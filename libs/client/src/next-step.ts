import type { Entry } from "./queue.ts";

export type BatchLimits = { readonly batchEventsMax: number; readonly batchBytesMax: number };

/** Who waits for a retry, and until when. Of one request that failed as a whole everybody does. */
export type Waits = {
  readonly allUntilMs: number;
  /** By `laneOf`. */
  readonly lanes: ReadonlyMap<string | Entry, { readonly untilMs: number }>;
};

export type Step =
  | { readonly kind: "send"; readonly batch: readonly Entry[] }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "rest" };

/** What has to stay in order: the events of a key, and one without a key by itself. */
export const laneOf = (entry: Entry): string | Entry => entry.key ?? entry;

/** The first entries that fit. One that is larger than a batch may be goes alone. */
const fitting = (
  entries: Iterable<Entry>,
  { batchEventsMax, batchBytesMax }: BatchLimits,
): { batch: Entry[]; full: boolean } => {
  const batch: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    // Of each a comma or a bracket.
    bytes += entry.bytes + 1;
    if (batch.length === batchEventsMax || (batch.length > 0 && bytes > batchBytesMax)) return { batch, full: true };
    batch.push(entry);
  }
  return { batch, full: batch.length === batchEventsMax || bytes >= batchBytesMax };
};

const readyOf = function* (entries: Iterable<Entry>, { lanes }: Waits, nowMs: number): Generator<Entry> {
  for (const entry of entries) if ((lanes.get(laneOf(entry))?.untilMs ?? 0) <= nowMs) yield entry;
};

/** The beginning of the queue as far as it fits: what a page that is being hidden can still send. */
export const beginning = (entries: Iterable<Entry>, bytesMax: number): readonly Entry[] => {
  const { batch } = fitting(entries, { batchEventsMax: Number.POSITIVE_INFINITY, batchBytesMax: bytesMax });
  return batch.length === 1 && batch[0]!.bytes > bytesMax ? [] : batch;
};

/**
 * What to do now: send the oldest events whose lane does not wait, as soon as they fill a batch, the oldest is due or
 * `hurry`; else wait. An event is never before an older one of its key: of a key that waits all do.
 */
export const nextStep = (
  entries: ReadonlySet<Entry>,
  waits: Waits,
  limits: BatchLimits,
  nowMs: number,
  hurry: boolean,
): Step => {
  if (entries.size === 0) return { kind: "rest" };
  if (nowMs < waits.allUntilMs) return { kind: "wait", untilMs: waits.allUntilMs };
  const { batch, full } = fitting(readyOf(entries, waits, nowMs), limits);
  const dueMs = batch[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  if (batch.length > 0 && (full || hurry || dueMs <= nowMs)) return { kind: "send", batch };
  let untilMs = dueMs;
  for (const lane of waits.lanes.values()) if (lane.untilMs > nowMs) untilMs = Math.min(untilMs, lane.untilMs);
  return { kind: "wait", untilMs };
};
