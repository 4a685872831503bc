import type { ParkedRow, Platform } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { InHand, RelayRecord } from "../shard/in-hand.ts";
import { recordOf } from "../shard/records.ts";
import { readChunk, Unreadable } from "../shard/undecodable.ts";

/** The record of a parked event: the same as it was in its entry. `complete`: it met its end. */
export const recordOfRow = (
  row: ParkedRow,
  term: Term,
  platform: Platform,
  complete: (from: InHand) => void,
): RelayRecord | Unreadable => {
  const chunk = readChunk(row.chunk, platform);
  if (chunk instanceof Unreadable) return chunk;
  const [event] = chunk.events;
  const id = row.ref.split(" ", 1)[0];
  if (event === undefined || id === undefined) return new Unreadable("undecodable_chunk", "it holds no event");
  const chunkEvents: InHand["chunkEvents"][number][] = [];
  chunkEvents[row.index] = event;
  const from: InHand = {
    id,
    ref: row.ref,
    skip: [],
    events: 1,
    receivedAtMs: chunk.receivedAtMs,
    term,
    from: null,
    copyKey: null,
    position: 0,
    chunkEvents,
    dataBytes: event.bytes.length,
    remaining: 1,
    ended: new Uint8Array(0),
    dead: 0,
    parked: 0,
    complete,
  };
  return recordOf(from, row.index, event);
};
