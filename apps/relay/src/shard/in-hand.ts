import type { Chunk, ChunkEvent, Entry, SinkRecord } from "@spillway/event";
import type { Term } from "../lease/term.ts";

/** A stream entry from its reading to its settlement. */
export type InHand = Pick<Entry, "id" | "ref" | "events" | "from"> &
  Omit<Chunk, "events"> & {
    readonly term: Term;
    /** What its copy in Postgres is known by; null: it has none. */
    readonly copyKey: string | null;
    /** Emptied when all is done, since the wait for the settlement needs no payload. */
    chunkEvents: readonly ChunkEvent[];
    /** Bytes of the events that this process holds for it. */
    readonly dataBytes: number;
    /** Records that are neither confirmed nor dead-lettered nor parked yet. */
    remaining: number;
    /** Events of it that went to the dead letters. */
    dead: number;
    /** Events of it that were parked. */
    parked: number;
    /** How-manieth entry of its term it is: its place in the stream's order, whatever its id says. */
    readonly position: number;
    /** Called when `remaining` reaches zero. */
    readonly complete: (entry: InHand) => void;
  };

/** A record on its way, and where it came from. */
export type RelayRecord = SinkRecord & { readonly from: InHand; readonly index: number };

/** What became of an entry's events, those aside that Kafka confirmed. */
export type Ends = Pick<InHand, "dead" | "parked">;

/** One of the entry's records is confirmed, dead-lettered or parked. A count and no promise: this runs for every record. */
export const recordDone = (entry: InHand): void => {
  entry.remaining--;
  if (entry.remaining === 0) entry.complete(entry);
};

/** One of the entry's records is parked. */
export const recordParked = (entry: InHand): void => {
  entry.parked++;
  recordDone(entry);
};
