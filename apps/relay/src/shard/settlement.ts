import type { Settled } from "@spillway/event";
import { createBackoff, SHARD_RETRY } from "../backoff.ts";
import type { Term } from "../lease/term.ts";
import { createNotifier } from "../notifier.ts";
import type { RelayParts } from "../parts.ts";
import type { InHand } from "./in-hand.ts";

export type SettlementOptions = RelayParts & {
  readonly term: Term;
  /** These left the stream. */
  readonly onSettled: (entries: readonly InHand[]) => void;
};

/** So many do not wait for the next moment. */
const ENOUGH_ENTRIES = 256;
const ENTRIES_MAX = 1_000;

const settledOf = (entries: readonly InHand[]): Settled => {
  let events = 0;
  let dead = 0;
  let parked = 0;
  for (const entry of entries) {
    events += entry.events;
    dead += entry.dead;
    parked += entry.parked;
  }
  return { entries: entries.map((entry) => entry.ref), relayed: events - dead - parked, parked };
};

/** Removes entries from the stream whose every event is confirmed, dead-lettered or parked. */
export const createSettlement = (options: SettlementOptions) => {
  const { term, shardStream, clock, random, troubles, moments, onSettled } = options;
  const spot = troubles.spot("shard");
  const added = createNotifier(clock);
  const backoff = createBackoff(SHARD_RETRY, random);
  let done: InHand[] = [];
  let asked: InHand[] = [];

  /** Repeats the very same request until it is answered: a repeat with more in it could not be told from a new one. */
  const settle = async (entries: InHand[]): Promise<void> => {
    const settled = settledOf(entries);
    asked = entries;
    while (!term.over) {
      const answer = await shardStream.settle(term.lease, settled);
      if (answer.ok && answer.value === "fenced") return term.end("fenced");
      if (answer.ok) {
        asked = [];
        backoff.reset();
        spot.goes();
        return onSettled(entries);
      }
      spot.stands("settling", answer.code, { shard: term.lease.shard });
      await clock.sleep(backoff.nextMs());
    }
  };

  term.onEnd(() => {
    spot.end();
    added.notify();
  });
  return {
    add: (entry: InHand): void => {
      done.push(entry);
      if (done.length === 1 || done.length === ENOUGH_ENTRIES) added.notify();
    },
    /** Settles until the term is over, or until `finished` says so when nothing is left to settle. */
    run: async (finished: () => boolean): Promise<void> => {
      while (!term.over) {
        if (done.length === 0) {
          if (finished()) return;
          await added.wait();
          continue;
        }
        if (done.length < ENOUGH_ENTRIES) {
          moments.next(added.notify);
          await added.wait();
        }
        const entries = done.slice(0, ENTRIES_MAX);
        done = done.slice(ENTRIES_MAX);
        await settle(entries);
      }
    },
    /** Lets `run` look at `finished` again. */
    wake: added.notify,
    /** What was added and is not known to have left the stream. */
    unsettled: (): readonly InHand[] => [...asked, ...done],
  };
};
