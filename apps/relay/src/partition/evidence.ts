import type { Clock } from "@spillway/event";

/** A topic that was mended is so on one broker before it is on another. */
export const EVIDENCE_MS = 500;

/**
 * What all lanes of one topic know together: whether it takes anything. A record is bad, and not its topic, when it was
 * refused, then something was taken that was sent later, and then it was refused again: neither a setting that was
 * spoiled nor one that was mended looks like that. Counted in moments and not in time, since order is all that matters.
 *
 * `refusedInARowMax`: so many records may be given up while the topic has taken none.
 */
export const createEvidence = (refusedInARowMax: number, clock: Clock) => {
  const listeners = new Set<() => void>();
  let moment = 0;
  let lastTaken = 0;
  let fresh: { readonly startedAt: number; readonly atMs: number } | null = null;
  let unproven = 0;
  const ripen = (): void => {
    if (fresh === null || clock.monotonicMs() - fresh.atMs < EVIDENCE_MS) return;
    lastTaken = Math.max(lastTaken, fresh.startedAt);
    fresh = null;
  };
  return {
    refusedInARowMax,
    /** The present moment; every one is later than the last. */
    now: (): number => ++moment,
    /** A publish that started at this moment was confirmed. */
    taken: (startedAt: number): void => {
      ripen();
      fresh ??= { startedAt, atMs: clock.monotonicMs() };
      unproven = 0;
      for (const onTaken of listeners) onTaken();
    },
    /** Whether any lane had something taken that was sent after this moment, and long enough ago to hold for all lanes. */
    takenSince: (since: number): boolean => {
      ripen();
      return lastTaken > since;
    },
    /** Whether so many records may be given up without proof: a few, so that a bad event on an idle topic is no alarm. */
    mayGiveUp: (records: number): boolean => {
      if (unproven + records > refusedInARowMax) return false;
      unproven += records;
      return true;
    },
    /** Calls back at every confirmation until the returned function is called. */
    listen: (onTaken: () => void): (() => void) => {
      listeners.add(onTaken);
      return () => void listeners.delete(onTaken);
    },
  };
};

export type Evidence = ReturnType<typeof createEvidence>;

/** As one lane knows it: what it had taken itself counts at once, what the others had after half a second. */
export const evidenceOfLane = (evidence: Evidence): Evidence => {
  let ownTaken = 0;
  return {
    ...evidence,
    taken: (startedAt) => {
      evidence.taken(startedAt);
      ownTaken = startedAt;
    },
    takenSince: (moment) => ownTaken > moment || evidence.takenSince(moment),
  };
};
