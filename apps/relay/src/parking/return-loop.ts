import { type Backoff, createBackoff } from "../backoff.ts";
import { createNotifier } from "../notifier.ts";
import { createHandBack } from "./hand-back.ts";
import type { LotParts } from "./lot.ts";
import type { PutLoop } from "./put-loop.ts";

/** Of a topic that is not to be had, and of Postgres that does not answer. */
const AGAIN = { firstMs: 100, mostMs: 5_000 } as const;
/** One read's: to decode them and hand them over is one turn of the event loop, which others wait for. */
const ROWS_MAX = 100;
/** What was put by a statement that nobody had the answer of is found by looking. */
const LOOK_MS = 1_000;

/** The mark goes before anything newer goes to the lanes. Answers whether it went. */
const clearMark = async ({ term, topic, mode, shardStream }: LotParts): Promise<boolean> => {
  mode.enter("clearing");
  const answer = await shardStream.park(term.lease, [topic], "end");
  // Without an answer it may still go, also when it was set again: only a new token stops that.
  if (!answer.ok || answer.value === "fenced") term.end(answer.ok ? "fenced" : "doubt");
  if (term.over) return false;
  mode.enter("direct");
  return true;
};

const isLoaded = async ({ topic, topics, clock }: LotParts, backoff: Backoff): Promise<boolean> => {
  const isThere = topics.get(topic) !== undefined || (await topics.load(topic)).kind === "ok";
  if (!isThere) await clock.sleep(backoff.nextMs());
  return isThere;
};

/** Behind which id is read next. */
const createCursor = () => {
  let at = "0";
  return {
    get at() {
      return at;
    },
    /** What was read behind `behind` ends there. */
    advance: (behind: string, last: string): void => {
      if (at === behind) at = last;
    },
    back: (to: string | null): void => {
      if (to !== null && BigInt(to) < BigInt(at)) at = to;
    },
    /**
     * Something was put, and this is the first id of it. One that is not behind the last that was read was given before, by a Postgres
     * that has gone back: all is read from the start again, or it came out behind what is put after it (simulation, seed 714835).
     */
    put: (first: string | null): void => {
      if (first !== null && BigInt(first) <= BigInt(at)) at = "0";
    },
  };
};

/** Brings rows back into the lanes, in their order, and removes those that have met their end. `onEmpty`: the topic is parked no more. */
export const createReturnLoop = (parts: LotParts, putLoop: PutLoop, onEmpty: () => void) => {
  const { term, topic, topics, mode, spot, place, parking, clock } = parts;
  const changed = createNotifier(clock);
  const backoff = createBackoff(AGAIN, parts.random);
  let changes = 0;
  const cursor = createCursor();

  const wake = (): void => {
    changes++;
    changed.notify();
  };

  const handBack = createHandBack(parts, wake);

  const standsFor = async (code: string): Promise<void> => {
    if (term.over) return;
    spot.stands("parking", code, place);
    await clock.sleep(backoff.nextMs());
  };

  /** Answers whether none are left to remove. */
  const remove = async (): Promise<boolean> => {
    const removed = await handBack.remove();
    if (!removed.ok) await standsFor(removed.code);
    else if (removed.value > 0 && mode.is("parked")) mode.enter("returning");
    return removed.ok;
  };

  const rest = async (seen: number): Promise<void> => {
    if (mode.is("returning") && topics.stillnessOf(topic) !== null) mode.enter("parked");
    if (changes === seen) await changed.waitAtMost(LOOK_MS);
  };

  /** Answers whether there were any; null when nobody knows. */
  const readOn = async (): Promise<boolean | null> => {
    const behind = cursor.at;
    const rows = await parking.oldest(place.shard, topic, behind, ROWS_MAX);
    if (term.over || cursor.at !== behind) return null;
    if (!rows.ok) {
      await standsFor(rows.code);
      return null;
    }
    backoff.reset();
    spot.goes();
    if (rows.value.length === 0) return false;
    const last = await handBack.rows(rows.value);
    if (last === null) await standsFor("dead_letters_unavailable");
    else cursor.advance(behind, last);
    return true;
  };

  const step = async (): Promise<void> => {
    const seen = changes;
    if (!(await remove()) || !(await isLoaded(parts, backoff)) || term.over) return;
    cursor.back(handBack.resume());
    if (handBack.isFull) return rest(seen);
    // What is put while it is read may be missing in what was read.
    const wasQuiet = putLoop.isEmpty;
    if ((await readOn()) !== false) return;
    if (!(handBack.isEmpty && wasQuiet && putLoop.isEmpty && changes === seen)) return rest(seen);
    // From the start once more: a Postgres that went back gives ids again, behind the last that was read (simulation, seed 20002).
    const wasLast = cursor.at === "0";
    cursor.back("0");
    if (wasLast && (await clearMark(parts))) onEmpty();
  };

  return {
    /** Ends with the term, after it has removed what is done. */
    run: async (): Promise<void> => {
      while (!term.over) {
        if (mode.is("parked", "returning")) await step();
        else await changed.wait();
      }
      await remove();
    },
    wake,
    /** Something was put, and this is the first id of it. */
    put: (first: string | null): void => {
      cursor.put(first);
      wake();
    },
  };
};
