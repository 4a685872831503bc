import { type Chunk, copyKeyOf, type Entry } from "@spillway/event";
import type { Ends, InHand } from "./in-hand.ts";
import type { PumpParts } from "./pump.ts";
import { recordsOf } from "./records.ts";
import { orUnreadable, readEntry, Unreadable, undecodableLetter } from "./undecodable.ts";
import type { Waits } from "./waits.ts";

type Taken = Ends & Pick<InHand, "term" | "position" | "complete">;

/**
 * Where some of its events are duplicates, its copy may be the only one of theirs, and these still wait in another entry: such a
 * copy is removed by nobody's settling, and the sweep does it when all that was there has left the stream (simulation, seed 100645).
 */
const copyKeyOfEntry = ({ chunk, skip }: Entry): string | null => (skip.length > 0 ? null : copyKeyOf(chunk));

const inHandOf = (entry: Entry, chunk: Chunk, taken: Taken): InHand => {
  const { id, ref, skip, events, from } = entry;
  const { events: chunkEvents, ...times } = chunk;
  const copyKey = copyKeyOfEntry(entry);
  const dataBytes = chunkEvents.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const ended = new Uint8Array(events > 1 ? chunkEvents.length : 0);
  return { id, ref, skip, events, from, ...times, copyKey, chunkEvents, dataBytes, remaining: 0, ended, ...taken };
};

/**
 * Through which entries come in hand, one after the other in the order of the stream. `complete`: each of the entry's
 * events is confirmed, dead or parked.
 */
export const createDoor = (parts: PumpParts, waits: Waits, complete: (entry: InHand) => void) => {
  const { term, shard, mode, window, router, topics, through, platform, clock, log, measures } = parts;
  let waiting: Entry | null = null;
  let admitted = 0;
  const takenAs = (ends: Ends): Taken => ({ ...ends, term, position: ++admitted, complete });

  const keep = (taken: InHand): void => {
    window.keep(taken);
    through.read(taken);
    waiting = null;
  };

  /** Nothing of it is to be published: it only has to leave the stream. */
  const pass = (entry: Entry, ends: Ends): number => {
    const taken = inHandOf(entry, { receivedAtMs: clock.wallMs(), events: [] }, takenAs(ends));
    keep(taken);
    complete(taken);
    return entry.events;
  };

  const bury = async (entry: Entry, why: Unreadable): Promise<number> => {
    const { id, events } = entry;
    const letter = undecodableLetter({ shard, entry: id, events }, entry.chunk, why);
    if (!(await waits.burial(letter))) return 0;
    log("error", "entry.undecodable", { shard, entry: id, events, ...why });
    measures.deadLetters.add(events, { class: "undecodable" });
    return pass(entry, { dead: events, parked: 0 });
  };

  const relay = async (entry: Entry, chunk: Chunk): Promise<number> => {
    const missing = orUnreadable(() => router.missing(chunk.events));
    if (missing instanceof Unreadable) return bury(entry, missing);
    if (missing !== null) await waits.topics(chunk.events);
    if (!mode.isGoing()) return 0;
    const taken = inHandOf(entry, chunk, takenAs({ dead: 0, parked: 0 }));
    // All of them before the first is handed over: an entry is relayed whole or buried whole.
    const records = orUnreadable(() => recordsOf(taken, entry.skip, router));
    if (records instanceof Unreadable) return bury(entry, records);
    taken.remaining = records.length;
    keep(taken);
    for (const { outlet, record } of records) topics.push(outlet, record);
    if (records.length === 0) complete(taken);
    return entry.events;
  };

  return {
    // The one place where an entry is judged: what is thrown over its content buries it, what a wait throws is a
    // programmer's error and ends the relay.
    /** Ends when the entry is in hand, or need not be, or the pump is stopped. Answers how many events came in hand. */
    admit: async (entry: Entry): Promise<number> => {
      if (window.knows(entry.ref)) return 0;
      const ends = window.takeConfirmed(entry.ref);
      if (ends !== null) return pass(entry, ends);
      waiting = entry;
      if (window.isFull()) await waits.room();
      if (!mode.isGoing()) return 0;
      const chunk = readEntry(entry, platform);
      return chunk instanceof Unreadable ? bury(entry, chunk) : relay(entry, chunk);
    },
    /** The entry that waits to be let in, also when the pump was stopped meanwhile. */
    get waiting() {
      return waiting;
    },
  };
};

export type Door = ReturnType<typeof createDoor>;
