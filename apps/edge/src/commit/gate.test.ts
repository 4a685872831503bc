import { describe, expect, test } from "vitest";
import { createGate, type Gate } from "./gate.ts";

const SHARDS = 3;

const openGate = (): Gate => {
  const gate = createGate(SHARDS);
  gate.finishRead(gate.startRead(), [], 0);
  return gate;
};

const openShards = (gate: Gate): number[] => [0, 1, 2].filter((shard) => gate.isOpen(shard));

describe("the gate", () => {
  test("starts with every shard diverted, since an earlier process may have left rows", () => {
    expect(openShards(createGate(SHARDS))).toEqual([]);
  });

  test("opens what a read shows empty, and only that", () => {
    const gate = createGate(SHARDS);
    expect(gate.finishRead(gate.startRead(), [1], 7)).toEqual([0, 2]);
    expect(openShards(gate)).toEqual([0, 2]);
    expect(gate.openedAtMs(0)).toBe(7);
    expect(gate.openedAtMs(1)).toBe(Number.NEGATIVE_INFINITY);
  });

  test("says whether a diversion is new", () => {
    const gate = openGate();
    expect([gate.divert(1), gate.divert(1)]).toEqual([true, false]);
    expect(openShards(gate)).toEqual([0, 2]);
  });

  test("does not read a shard while an insert of ours is under way", () => {
    const gate = openGate();
    gate.divert(1);
    gate.insertStarted(1);
    expect(gate.startRead().shards).toEqual([]);
    gate.insertEnded(1, true);
    expect(gate.startRead().shards).toEqual([1]);
  });

  test("disregards a read during which an insert began, even one that has ended", () => {
    const gate = openGate();
    gate.divert(1);
    const read = gate.startRead();
    gate.insertStarted(1);
    expect(gate.finishRead(read, [], 0)).toEqual([]);
    gate.insertEnded(1, true);
    expect(gate.finishRead(read, [], 0)).toEqual([]);
    expect(gate.finishRead(gate.startRead(), [], 0)).toEqual([1]);
  });

  test("disregards a read that began before the diversion", () => {
    const gate = createGate(SHARDS);
    const read = gate.startRead();
    gate.finishRead(gate.startRead(), [], 0);
    gate.divert(1);
    expect(gate.finishRead(read, [], 0)).toEqual([]);
  });

  test("refuses an insert for an open shard: what follows would overtake it", () => {
    expect(() => openGate().insertStarted(0)).toThrow("shard 0 is open");
  });

  test("opens without a read only what the outbox recorded nothing of", () => {
    const gate = openGate();
    for (const [shard, recorded] of [true, false].entries()) {
      gate.divert(shard);
      gate.insertStarted(shard);
      gate.insertEnded(shard, recorded);
    }
    expect(gate.openWithoutRead(0)).toEqual([1]);
    expect(openShards(gate)).toEqual([1, 2]);
    gate.finishRead(gate.startRead(), [], 0);
    gate.divert(0);
    expect(gate.openWithoutRead(0)).toEqual([0]);
  });

  test("holds diverted shards only", () => {
    const gate = openGate();
    gate.divert(1);
    gate.hold();
    expect([0, 1, 2].map((shard) => gate.isHeld(shard))).toEqual([false, true, false]);
    gate.release();
    expect(gate.isHeld(1)).toBe(false);
  });
});
