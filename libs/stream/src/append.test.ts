import { describe, expect, test } from "vitest";
import { appendCall, appendedOf, createNonces } from "./append.ts";

const limits = { seenWindowSeconds: 60, backlogEventsMax: 10, backlogBytesMax: 1000 };
const chunk = { shard: 1, chunk: Uint8Array.of(1, 2, 3), events: 3, dedupKeys: "a".repeat(48) };
const call = appendCall("ns", chunk, limits, "nonce", "");

describe("the reply of append", () => {
  test("is taken when it is exactly what the script writes", () => {
    const ok = { kind: "ok", backlogEvents: 7 };
    expect(appendedOf(["nonce", "OK", "1763712345678-0", "", 7, 99], call)).toEqual({ ...ok, duplicates: [] });
    expect(appendedOf(["nonce", "OK", "1763712345678-0", "0,2", 7, 99], call)).toEqual({ ...ok, duplicates: [0, 2] });
    expect(appendedOf(["nonce", "OK", "", "0,1,2", 7, 99], call)).toEqual({ ...ok, duplicates: [0, 1, 2] });
    expect(appendedOf(["nonce", "FULL", "", "", 10, 99], call)).toEqual({ kind: "full" });
    expect(appendedOf(["nonce", "FENCED", "", "", 0, 0], call)).toEqual({ kind: "fenced" });
    expect(appendedOf(["nonce", "STALE", "", "", 0, 0], call)).toEqual({ kind: "stale" });
  });

  test.each([
    ["nothing", null],
    ["a word", "OK"],
    ["an entry id alone", "1763712345678-0"],
    ["an object", { 0: "nonce", 1: "OK" }],
    ["too short", ["nonce", "OK", "1-0", "", 7]],
    ["too long", ["nonce", "OK", "1-0", "", 7, 99, 0]],
    ["of another call", ["other", "OK", "1-0", "", 7, 99]],
    ["of no call", [null, "OK", "1-0", "", 7, 99]],
    ["an unknown status", ["nonce", "DONE", "1-0", "", 7, 99]],
    ["no entry id", ["nonce", "OK", "", "", 7, 99]],
    ["no entry id and too few duplicates", ["nonce", "OK", "", "0,1", 7, 99]],
    ["an odd entry id", ["nonce", "OK", "1-", "", 7, 99]],
    ["an entry although all were duplicates", ["nonce", "OK", "1-0", "0,1,2", 7, 99]],
    ["a duplicate that was not sent", ["nonce", "OK", "1-0", "3", 7, 99]],
    ["a duplicate named twice", ["nonce", "OK", "1-0", "1,1", 7, 99]],
    ["duplicates in another order", ["nonce", "OK", "1-0", "2,0", 7, 99]],
    ["duplicates that are no numbers", ["nonce", "OK", "1-0", "a", 7, 99]],
    ["duplicates as a list", ["nonce", "OK", "1-0", [0], 7, 99]],
    ["a backlog as text", ["nonce", "OK", "1-0", "", "7", 99]],
    ["a negative backlog", ["nonce", "OK", "1-0", "", -1, 99]],
  ])("is never taken for a write when it is %s", (_, reply) => {
    expect(appendedOf(reply, call)).toEqual({ kind: "retriable", code: "odd_reply" });
  });
});

test("a chunk that contradicts itself is the caller's error", () => {
  expect(() => appendCall("ns", { ...chunk, events: 2 }, limits, "n", "")).toThrow(TypeError);
  expect(() => appendCall("ns", { ...chunk, events: 0, dedupKeys: "" }, limits, "n", "")).toThrow(TypeError);
});

test("no two calls share a nonce, not even across processes", () => {
  const [one, two] = [createNonces(), createNonces()];
  const nonces = Array.from({ length: 2000 }, (_, i) => (i % 2 ? one() : two()));
  expect(new Set(nonces).size).toBe(2000);
});
