import type { Chunk, Entry } from "@spillway/event";
import type { InHand } from "./in-hand.ts";
import type { PumpParts } from "./pump.ts";
import { handOver } from "./records.ts";
import { decodeOrReason, undecodableLetter } from "./undecodable.ts";
import type { Waits } from "./waits.ts";

/**
 * Through which entries come in hand, one after the other in the order of the stream. `complete`: each of the entry's
 * events is confirmed or dead.
 */
export const createDoor = (parts: PumpParts, waits: Waits, complete: (entry: InHand) => void) => {
  const { term, shard, mode, window, router, topics, platform, clock, log, measures } = parts;
  let waiting: Entry | null = null;

  const take = (entry: Entry, chunk: Chunk, dead: number): InHand => {
    const { id, ref, events } = entry;
    const { events: chunkEvents, ...times } = chunk;
    const dataBytes = chunkEvents.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const taken = { id, ref, events, ...times, term, chunkEvents, dataBytes, remaining: 0, dead, complete };
    window.keep(taken);
    waiting = null;
    return taken;
  };

  /** Nothing of it is to be published: it only has to leave the stream. */
  const pass = (entry: Entry, dead: number): number => {
    complete(take(entry, { receivedAtMs: clock.wallMs(), events: [] }, dead));
    return entry.events;
  };

  const bury = async (entry: Entry, reason: string): Promise<number> => {
    const { id, events } = entry;
    const letter = undecodableLetter({ shard, entry: id, events }, entry.chunk, reason);
    if (!(await waits.burial(letter))) return 0;
    log("error", "entry.undecodable", { shard, entry: id, events, reason });
    measures.deadLetters.add(events, { class: "undecodable" });
    return pass(entry, events);
  };

  const relay = async (entry: Entry, chunk: Chunk): Promise<number> => {
    if (router.missing(chunk.events) !== null) await waits.topics(chunk.events);
    if (!mode.isGoing()) return 0;
    const taken = take(entry, chunk, 0);
    handOver(taken, entry.skip, router, topics.push);
    if (taken.remaining === 0) complete(taken);
    return entry.events;
  };

  return {
    // The one place where an entry is judged: what it throws on its way in is a programmer's error, and ends the relay.
    /** Ends when the entry is in hand, or need not be, or the pump is stopped. Answers how many events came in hand. */
    admit: async (entry: Entry): Promise<number> => {
      if (window.knows(entry.ref)) return 0;
      const dead = window.takeConfirmed(entry.ref);
      if (dead !== null) return pass(entry, dead);
      waiting = entry;
      if (window.isFull()) await waits.room();
      if (!mode.isGoing()) return 0;
      const chunk = decodeOrReason(entry.chunk, platform);
      return typeof chunk === "string" ? bury(entry, chunk) : relay(entry, chunk);
    },
    /** The entry that waits to be let in, also when the pump was stopped meanwhile. */
    get waiting() {
      return waiting;
    },
  };
};

export type Door = ReturnType<typeof createDoor>;
