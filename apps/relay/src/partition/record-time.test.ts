import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createTerm } from "../lease/term.ts";
import type { InHand, RelayRecord } from "../shard/in-hand.ts";
import { otherStamp, type Stamp, stamped } from "./record-time.ts";

const NOW_MS = 1_000_000;
const AGE_MS_MAX = 10_000;

const clock = createManualClock();
const term = createTerm({ lease: { shard: 0, owner: "r1", token: 1 }, clock, sentAtMs: 0, trustMs: 1_000 });

/** `appendedAtMs` is Redis's clock, which caps the edge's. */
const recordOf = (receivedAtMs: number, appendedAtMs = receivedAtMs): RelayRecord => {
  const from = { term, receivedAtMs, chunkEvents: [] } as unknown as InHand;
  const timestampMs = Math.min(receivedAtMs, appendedAtMs);
  return { key: "k", value: new Uint8Array([1]), headers: { a: "b" }, timestampMs, from, index: 0 };
};

const sent = (record: RelayRecord, stamp: Stamp = "aged") => {
  const [one] = stamped([record], stamp, NOW_MS, AGE_MS_MAX);
  return { timestampMs: one?.timestampMs, headers: one?.headers };
};

describe("the time of a record", () => {
  test("is that of its ingest, and then nothing is copied", () => {
    const records = [recordOf(NOW_MS - AGE_MS_MAX), recordOf(NOW_MS - 1)];
    expect(stamped(records, "aged", NOW_MS, AGE_MS_MAX)).toBe(records);
    expect(sent(recordOf(NOW_MS - 1))).toEqual({ timestampMs: NOW_MS - 1, headers: { a: "b" } });
  });

  test("is the present one when the ingest is too long ago, which then stands in a header", () => {
    const old = NOW_MS - AGE_MS_MAX - 1;
    const headers = { a: "b", "spillway-received-at": String(old) };
    expect(sent(recordOf(old))).toEqual({ timestampMs: NOW_MS, headers });
    expect(sent(recordOf(old), "ingest")).toEqual({ timestampMs: old, headers: { a: "b" } });
    expect(sent(recordOf(NOW_MS - 1), "now").timestampMs).toBe(NOW_MS);
  });

  test("is Redis's when the edge's clock is ahead, and never before that when ours is behind", () => {
    const ahead = recordOf(NOW_MS + 7_200_000, NOW_MS - 5);
    expect(sent(ahead)).toEqual({
      timestampMs: NOW_MS - 5,
      headers: { a: "b", "spillway-received-at": String(NOW_MS + 7_200_000) },
    });
    expect(sent(recordOf(NOW_MS + 60_000), "now").timestampMs).toBe(NOW_MS + 60_000);
  });

  test("is the other one when it was refused", () => {
    const [fresh, old] = [recordOf(NOW_MS), recordOf(0)];
    const after = (record: RelayRecord, stamp: Stamp) =>
      otherStamp(stamp, [record], stamped([record], stamp, NOW_MS, AGE_MS_MAX));
    expect([after(fresh, "aged"), after(old, "aged")]).toEqual(["now", "ingest"]);
    expect([after(old, "now"), after(old, "ingest")]).toEqual(["ingest", "now"]);
  });
});
