import type { Clock } from "@spillway/event";

/** A setting of a topic, spoiled or mended, is so on one partition before it is on another: by less than this. */
export const EVIDENCE_MS = 500;

/** So long after something was sent that was taken, what is refused is more likely one sender's than the topic's fault. */
const TRUST_MS = 4 * EVIDENCE_MS;

/** When something was refused, or began to be sent: its place in the order of all lanes of a topic, and its time (monotonic). */
export type Moment = { readonly order: number; readonly atMs: number };

/** The latest publishes that were confirmed, until that holds for all lanes. */
type Taken = { readonly startedAtMs: number; readonly knownAtMs: number };

/** Of what was taken, in whichever lane, the latest start that all lanes may go by. */
const createRipening = (clock: Clock) => {
  let ripening: Taken | null = null;
  /** So that of a few that come together the last is not forgotten. */
  let next: Taken | null = null;
  let startedAtMs = Number.NEGATIVE_INFINITY;
  return {
    taken: (started: Moment): void => {
      const taken = { startedAtMs: started.atMs, knownAtMs: clock.monotonicMs() };
      if (ripening === null) ripening = taken;
      else next = taken;
    },
    startedAtMs: (): number => {
      while (ripening !== null && clock.monotonicMs() - ripening.knownAtMs >= EVIDENCE_MS) {
        startedAtMs = Math.max(startedAtMs, ripening.startedAtMs);
        ripening = next;
        next = null;
      }
      return startedAtMs;
    },
  };
};

/**
 * What all lanes of one topic know together: whether it takes anything. A record is bad, and not its topic, when it was
 * refused, then something was taken that was sent later, and then it was refused again: neither a setting that was
 * spoiled nor one that was mended looks like that. In one lane the order alone decides. Between two it takes time on both
 * sides: where one lane refuses half a second before the other does, since the setting was spoiled there first, what the
 * other has taken meanwhile says nothing (91 to 360 good events died of that); and the same when it is mended.
 *
 * `refusedInARowMax`: so many records may be given up while the topic has taken none.
 */
export const createEvidence = (refusedInARowMax: number, clock: Clock) => {
  const listeners = new Set<() => void>();
  const ripening = createRipening(clock);
  let order = 0;
  /** Given up without proof, the oldest first. */
  const unproven: { readonly records: number; readonly at: Moment }[] = [];
  let unprovenRecords = 0;

  const now = (): Moment => ({ order: ++order, atMs: clock.monotonicMs() });
  const takenSince = ({ atMs }: Moment): boolean => ripening.startedAtMs() - atMs >= EVIDENCE_MS;

  return {
    refusedInARowMax,
    /** The present moment; every one is later than the last. */
    now,
    /** A publish that started at this moment was confirmed. */
    taken: (started: Moment): void => {
      ripening.startedAtMs();
      ripening.taken(started);
      for (const onTaken of listeners) onTaken();
    },
    /** Whether any lane had something taken that was sent after this moment; with the time between that all lanes need. */
    takenSince,
    /** Whether it took something lately, as far as all lanes may go by it. */
    tookLately: (): boolean => clock.monotonicMs() - ripening.startedAtMs() < TRUST_MS,
    /** Whether so many records may be given up without proof: a few, so that a bad event on an idle topic is no alarm. */
    mayGiveUp: (records: number): boolean => {
      for (let [first] = unproven; first !== undefined && takenSince(first.at); [first] = unproven) {
        unprovenRecords -= first.records;
        unproven.shift();
      }
      if (unprovenRecords + records > refusedInARowMax) return false;
      unproven.push({ records, at: now() });
      unprovenRecords += records;
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

/** As one lane knows it: what it had taken itself counts at once, what the others had half a second apart on both sides. */
export const evidenceOfLane = (evidence: Evidence): Evidence => {
  let ownTaken = 0;
  return {
    ...evidence,
    taken: (started) => {
      evidence.taken(started);
      ownTaken = started.order;
    },
    takenSince: (moment) => ownTaken > moment.order || evidence.takenSince(moment),
  };
};
