/**
 * What all lanes of one topic know together: whether it takes anything. A record is bad, and not its topic, when it was
 * refused, then something was taken that was sent later, and then it was refused again: neither a setting that was
 * spoiled nor one that was mended looks like that. Counted in moments and not in time, since order is all that matters.
 */
export type Evidence = {
  readonly refusedInARowMax: number;
  /** The present moment; every one is later than the last. */
  now(): number;
  /** A publish that started at this moment was confirmed. */
  taken(startedAt: number): void;
  takenSince(moment: number): boolean;
  /** Whether so many records may be given up without proof: a few, so that a bad event on an idle topic is no alarm. */
  mayGiveUp(records: number): boolean;
  /** Calls back at every confirmation until the returned function is called. */
  listen(onTaken: () => void): () => void;
};

/** `refusedInARowMax`: so many records may be given up while the topic has taken none. */
export const createEvidence = (refusedInARowMax: number): Evidence => {
  const listeners = new Set<() => void>();
  let moment = 0;
  let lastTaken = 0;
  let unproven = 0;
  return {
    refusedInARowMax,
    now: () => ++moment,
    taken: (startedAt) => {
      lastTaken = Math.max(lastTaken, startedAt);
      unproven = 0;
      for (const onTaken of listeners) onTaken();
    },
    takenSince: (since) => lastTaken > since,
    mayGiveUp: (records) => {
      if (unproven + records > refusedInARowMax) return false;
      unproven += records;
      return true;
    },
    listen: (onTaken) => {
      listeners.add(onTaken);
      return () => void listeners.delete(onTaken);
    },
  };
};
