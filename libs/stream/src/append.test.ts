import { createBelonging, type ShardChunk } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { appendAgreed, appendCall, appendedOf, type ChunkAppended, createNonces } from "./append.ts";

const limits = { dedupWindowSeconds: 60, backlogEventsMax: 10, backlogBytesMax: 1000 };
const chunk = { shard: 1, chunk: Uint8Array.of(1, 2, 3), events: 3, dedupKeys: "a".repeat(48) };
const setup = { namespace: "ns", belonging: createBelonging({ namespace: "ns", shards: 4 }), limits };
const caller = { nonce: "nonce", leaseValue: "", asked: false };
const call = appendCall(setup, [chunk], caller);
/** What is said of the one chunk. */
const saidOf = (reply: unknown) => appendedOf([reply], call)[0];

describe("the reply of append", () => {
  test("is taken when it is exactly what the script writes", () => {
    const ok = { kind: "ok" };
    const totals = [["k1", 9]];
    expect(saidOf(["nonce.1", "OK", "1763712345678-0", "", "k1:9"])).toEqual({ ...ok, duplicates: [], totals });
    expect(saidOf(["nonce.1", "OK", "1763712345678-0", "0,2", "k1:9,b:0"])).toEqual({
      ...ok,
      duplicates: [0, 2],
      totals: [...totals, ["b", 0]],
    });
    expect(saidOf(["nonce.1", "OK", "", "0,1,2", "k1:9"])).toEqual({ ...ok, duplicates: [0, 1, 2], totals });
    expect(saidOf(["nonce.1", "BEHIND", "", "", ""])).toEqual({ kind: "behind" });
    expect(saidOf(["nonce.1", "FULL", "", "", ""])).toEqual({ kind: "full" });
    expect(saidOf(["nonce.1", "DIVERTED", "", "", ""])).toEqual({ kind: "diverted" });
    expect(saidOf(["nonce.1", "FENCED", "", "", ""])).toEqual({ kind: "fenced" });
    expect(saidOf(["nonce.1", "UNAGREED", "", "", ""])).toEqual({ kind: "unagreed" });
  });

  test.each([
    ["nothing", null],
    ["a word", "OK"],
    ["an entry id alone", "1763712345678-0"],
    ["an object", { 0: "nonce.1", 1: "OK" }],
    ["too short", ["nonce.1", "OK", "1-0", ""]],
    ["too long", ["nonce.1", "OK", "1-0", "", "k1:9", 0]],
    ["of another call", ["other", "OK", "1-0", "", "k1:9"]],
    ["of the call, not of the chunk", ["nonce", "OK", "1-0", "", "k1:9"]],
    ["of no call", [null, "OK", "1-0", "", "k1:9"]],
    ["an unknown status", ["nonce.1", "DONE", "1-0", "", "k1:9"]],
    ["no entry id", ["nonce.1", "OK", "", "", "k1:9"]],
    ["no entry id and too few duplicates", ["nonce.1", "OK", "", "0,1", "k1:9"]],
    ["an odd entry id", ["nonce.1", "OK", "1-", "", "k1:9"]],
    ["an entry although all were duplicates", ["nonce.1", "OK", "1-0", "0,1,2", "k1:9"]],
    ["a duplicate that was not sent", ["nonce.1", "OK", "1-0", "3", "k1:9"]],
    ["a duplicate named twice", ["nonce.1", "OK", "1-0", "1,1", "k1:9"]],
    ["duplicates in another order", ["nonce.1", "OK", "1-0", "2,0", "k1:9"]],
    ["duplicates that are no numbers", ["nonce.1", "OK", "1-0", "a", "k1:9"]],
    ["duplicates as a list", ["nonce.1", "OK", "1-0", [0], "k1:9"]],
    ["no totals", ["nonce.1", "OK", "1-0", "", ""]],
    ["a total of nobody", ["nonce.1", "OK", "1-0", "", ":9"]],
    ["a total that is no number", ["nonce.1", "OK", "1-0", "", "k1:-9"]],
    ["totals as a list", ["nonce.1", "OK", "1-0", "", ["k1:9"]]],
  ])("is never taken for a write when it is %s", (_, reply) => {
    expect(saidOf(reply)).toEqual({ kind: "retriable", code: "odd_reply" });
  });

  test("is one per chunk, each with its place in the nonce, or it is no reply", () => {
    const two = appendCall(setup, [chunk, { ...chunk, shard: 2 }], caller);
    const first = ["nonce.1", "OK", "1-0", "", "k1:9"];
    const second = ["nonce.2", "ERROR", "OOM command not allowed when used memory > 'maxmemory'.", "", ""];
    const ok = { kind: "ok", duplicates: [], totals: [["k1", 9]] };
    const odd = { kind: "retriable", code: "odd_reply" };
    expect(appendedOf([first, second], two)).toEqual([ok, { kind: "retriable", code: "oom" }]);
    expect(appendedOf([second, first], two)).toEqual([odd, odd]);
    expect(appendedOf([first], two)).toEqual([odd, odd]);
    expect(appendedOf([first, second, first], two)).toEqual([odd, odd]);
    expect(appendedOf(null, two)).toEqual([odd, odd]);
  });
});

describe("a shard that does not know our installation", () => {
  const ok = { kind: "ok", duplicates: [] } as const;
  const unagreed = { kind: "unagreed" } as const;
  const chunks = [chunk, { ...chunk, shard: 2 }];
  const appending = (refusal: string | null, second: ChunkAppended = ok) => {
    const calls: [shards: number[], asked: boolean][] = [];
    const append = async (some: readonly ShardChunk[], asked: boolean): Promise<readonly ChunkAppended[]> => {
      calls.push([some.map(({ shard }) => shard), asked]);
      return some.map(({ shard }) => (shard === 1 ? ok : asked ? second : unagreed));
    };
    return { calls, answers: appendAgreed(chunks, append, async () => refusal) };
  };

  test("is written to after Redis has said that it is ours, and the others are not written twice", async () => {
    const { calls, answers } = appending(null);
    expect(await answers).toEqual([ok, ok]);
    expect(calls).toEqual([
      [[1, 2], false],
      [[2], true],
    ]);
  });

  test("is not written to when Redis says another, or nothing, or the shard goes on asking", async () => {
    for (const code of ["wrong_installation", "no_installation", "timeout"])
      expect(await appending(code).answers).toEqual([ok, { kind: "retriable", code }]);
    expect(await appending(null, unagreed).answers).toEqual([ok, { kind: "retriable", code: "odd_reply" }]);
  });
});

test("a chunk that contradicts itself is the caller's error", () => {
  expect(() => appendCall(setup, [{ ...chunk, events: 2 }], caller)).toThrow(TypeError);
  expect(() => appendCall(setup, [{ ...chunk, events: 0, dedupKeys: "" }], caller)).toThrow(TypeError);
});

test("a writer's name is one that the script can keep apart from its number", () => {
  for (const writer of ["", "a:b", "A", "x".repeat(17)])
    expect(() => appendCall(setup, [{ ...chunk, from: { writer, floor: 0 } }], caller)).toThrow(TypeError);
});

test("no two calls share a nonce, not even across processes", () => {
  const [one, two] = [createNonces(), createNonces()];
  const nonces = Array.from({ length: 2000 }, (_, i) => (i % 2 ? one() : two()));
  expect(new Set(nonces).size).toBe(2000);
});
