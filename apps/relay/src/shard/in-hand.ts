import type { Chunk, ChunkEvent, Entry, SinkRecord } from "@spillway/event";
import type { Term } from "../lease/term.ts";

/** A stream entry from its reading to its settlement. */
export type InHand = Pick<Entry, "id" | "ref" | "skip" | "events" | "from"> &
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
    /** By the index of each event in the chunk, 1 when it has met its end; empty where one has not met it before all have. */
    ended: Uint8Array;
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

type Of = Pick<RelayRecord, "from" | "index">;

/** It is confirmed, dead-lettered or parked. A count and no promise: this runs for every record. */
export const recordDone = ({ from, index }: Of): void => {
  from.ended[index] = 1;
  from.remaining--;
  if (from.remaining === 0) from.complete(from);
};

/** It is parked. */
export const recordParked = (record: Of): void => {
  record.from.parked++;
  recordDone(record);
};
