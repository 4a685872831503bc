import { createNotifier } from "./notifier.ts";
import type { RelayParts } from "./parts.ts";
import type { OpenShard } from "./shard/open-shards.ts";

const POLL_MS = 500;
/**
 * While there are rows an edge may be holding its clients, 250 ms at the most, until the outbox is empty: a look that
 * waited for the next hint would come too late where hints do not arrive (LISTEN through a pooler).
 */
const POLL_OCCUPIED_MS = 50;
/** A burst of hints is one look. */
const LOOK_APART_MS = 20;
const SIZE_EVERY_MS = 5_000;
const DEADLINE_MS = 2_000;
/** Rows are moved within milliseconds: one that is older waits for something, or is of a shard that nobody drains. */
const OLD_MS = 60_000;

/** Measures the outbox and the copies. */
const createMeasuring = ({ outboxDrain, copies, clock, measures, troubles }: RelayParts) => {
  const spot = troubles.spot("relay");
  return async (): Promise<void> => {
    const answer = await outboxDrain.size(DEADLINE_MS);
    if (!answer.ok) return;
    const { events, bytes, oldestAtMs } = answer.value;
    measures.outboxEvents.set(events);
    measures.outboxBytes.set(bytes);
    const ageMs = oldestAtMs === null ? 0 : Math.max(0, clock.wallMs() - oldestAtMs);
    measures.outboxOldestAge.set(ageMs / 1000);
    const kept = await copies.size(DEADLINE_MS);
    if (kept.ok) {
      measures.copiesEvents.set(kept.value.events);
      measures.copiesBytes.set(kept.value.bytes);
    }
    if (ageMs > OLD_MS) spot.stands("outbox", "old_rows", { outboxEvents: events });
    else spot.goes();
  };
};

/** Looks which shards have outbox rows, at every hint and at least twice a second, and starts their drains. */
export const createOutboxWatch = (parts: RelayParts, ours: () => readonly OpenShard[]) => {
  const { outboxDrain, copies, clock, activity, start } = parts;
  const notifier = createNotifier(clock);
  const measure = createMeasuring(parts);
  /** A hint that comes while we look may be about rows that the look did not see. */
  let hinted = false;

  const hint = (): void => {
    hinted = true;
    activity.busy();
    notifier.notify();
  };

  /** Shards whose streams lack what is kept of them, or may. */
  const lacking = async (shards: readonly OpenShard[]): Promise<readonly number[]> => {
    const due = shards.filter(({ drain }) => drain.restore.isDue());
    if (due.length === 0) return [];
    const answer = await copies.occupied(
      due.map(({ term }) => term.lease.shard),
      DEADLINE_MS,
    );
    if (!answer.ok) return [];
    for (const { term, drain } of due) if (!answer.value.includes(term.lease.shard)) drain.restore.nothingKept();
    const kept = due.filter(({ term }) => answer.value.includes(term.lease.shard));
    const sound = await Promise.all(kept.map(({ drain }) => drain.isSound()));
    return kept.filter((_, i) => !sound[i]).map(({ term }) => term.lease.shard);
  };

  /** Answers whether there were rows. */
  const look = async (): Promise<boolean> => {
    const shards = ours();
    if (shards.length === 0) return false;
    const numbers = shards.map(({ term }) => term.lease.shard);
    const answer = await outboxDrain.occupied(numbers, DEADLINE_MS);
    if (!answer.ok) return false;
    const lack = await lacking(shards);
    if (answer.value.length + lack.length > 0) activity.busy();
    for (const { term, drain } of shards) {
      const { shard } = term.lease;
      const isOccupied = answer.value.includes(shard) || lack.includes(shard);
      // Then it is done at each beat, where stamps of all shards are one question (relay.ts).
      if (isOccupied || !activity.isIdle()) start(drain.run(isOccupied));
    }
    return answer.value.length > 0;
  };

  const lookAgainAndAgain = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      hinted = false;
      const occupied = await look();
      await clock.sleep(LOOK_APART_MS, signal);
      if (!hinted && !signal.aborted) await notifier.waitAtMost(occupied ? POLL_OCCUPIED_MS : POLL_MS);
    }
  };

  const measureAgainAndAgain = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await measure();
      await clock.sleep(SIZE_EVERY_MS, signal);
    }
  };

  /** Hints are a convenience: while they cannot be had, polling does. */
  const listen = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const answer = await outboxDrain.watch(hint);
      if (answer.ok && signal.aborted) return answer.value.close();
      if (answer.ok) return signal.addEventListener("abort", () => start(answer.value.close()), { once: true });
      await clock.sleep(SIZE_EVERY_MS, signal);
    }
  };

  return {
    /** Ends when the signal aborts. */
    run: async (signal: AbortSignal): Promise<void> => {
      signal.addEventListener("abort", hint, { once: true });
      await Promise.all([lookAgainAndAgain(signal), measureAgainAndAgain(signal), listen(signal)]);
    },
    /** A shard became ours: whether it is diverted is not known. */
    look: hint,
  };
};
