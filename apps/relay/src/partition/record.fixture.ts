import { createManualClock } from "@spillway/memory";
import { createTerm, type Term } from "../lease/term.ts";
import type { InHand, RelayRecord } from "../shard/in-hand.ts";

const clock = createManualClock();

export const termOf = (shard: number): Term =>
  createTerm({ lease: { shard, owner: "r1", token: 1 }, clock, sentAtMs: 0, trustMs: 1_000 });

/** A record that says who it is by its index. */
export const recordOf = (index: number, term: Term, bytes = 1): RelayRecord => {
  const from: InHand = {
    id: "1-0",
    ref: "1-0",
    term,
    copyKey: null,
    receivedAtMs: 0,
    skip: [],
    events: 1,
    from: null,
    chunkEvents: [],
    dataBytes: 0,
    remaining: 0,
    ended: new Uint8Array(0),
    dead: 0,
    parked: 0,
    position: 0,
    complete: () => undefined,
  };
  return { key: null, value: new Uint8Array(bytes), headers: {}, timestampMs: 0, from, index };
};

export const indexes = (records: readonly RelayRecord[]): readonly number[] => records.map(({ index }) => index);
