import { platform } from "@spillway/event/platform-node";
import { createManualClock } from "@spillway/memory";
import { beforeEach, expect, test } from "vitest";
import { Commit, type Waiting } from "./commit.ts";
import { event } from "./edge-world.fixture.ts";
import type { Packed } from "./pack.ts";
import { ShardQueue } from "./shard-queue.ts";

let queue: ShardQueue;
beforeEach(() => {
  queue = new ShardQueue(0, { commitEventsMax: 2, commitBytesMax: 1_000_000 }, platform, createManualClock());
});

const waitingOf = (id: string, startedAtMs: number): Waiting => {
  const of = event(id);
  return { event: of, size: of.bytes.length, index: 0, commit: new Commit(1, startedAtMs) };
};
/** Adds events named by when their requests started. */
const add = (...startedAtMs: number[]) => {
  for (const ms of startedAtMs) queue.add(waitingOf(`e${ms}`, ms));
};
const startsOf = (waiting: readonly Waiting[] | undefined) => waiting?.map(({ commit }) => commit.startedAtMs);
const takeFront = (): Packed => {
  const packed = queue.front();
  if (packed === null) throw new Error("nothing waits");
  queue.take();
  return packed;
};

test("chunks leave in the order of arrival, whether packed before or not", () => {
  add(1, 2, 3, 4, 5);
  expect(queue.waiting()).toBe(5);
  const taken = [takeFront(), takeFront(), takeFront()].map(({ waiting }) => startsOf(waiting));
  expect(taken).toEqual([[1, 2], [3, 4], [5]]);
  expect(queue.isEmpty()).toBe(true);
  expect(queue.front()).toBeNull();
});

test("a chunk of events that are not copied ends where one comes that is, and that one's takes what comes behind it", () => {
  const durable = (ms: number): Waiting => {
    const { event: of, ...waiting } = waitingOf(`e${ms}`, ms);
    return { ...waiting, event: { ...of, durability: "both" } };
  };
  add(1);
  queue.add(durable(2));
  add(3, 4);
  queue.add(durable(5));
  const taken = Array.from({ length: 4 }, takeFront);
  expect(taken.map(({ waiting, copied }) => [startsOf(waiting), copied])).toEqual([
    [[1], false],
    [[2, 3], true],
    [[4], false],
    [[5], true],
  ]);
});

test("a chunk that was put back goes before the one that is ready", () => {
  add(1, 2);
  const first = takeFront();
  add(3, 4, 5);
  queue.putBack(first, true);
  expect(queue.waiting()).toBe(5);
  expect([takeFront(), takeFront(), takeFront()].map(({ waiting }) => startsOf(waiting))).toEqual([
    [1, 2],
    [3, 4],
    [5],
  ]);
});

test("what is too old is removed from everywhere, and only what was tried is in doubt", () => {
  add(1, 2);
  const first = takeFront();
  add(3, 9, 5, 6);
  queue.putBack(first, true);
  const { inDoubt, untried } = queue.removeOlder(6);
  expect([startsOf(inDoubt), startsOf(untried)]).toEqual([
    [1, 2],
    [3, 9, 5],
  ]);
  expect(queue.waiting()).toBe(1);
  expect(startsOf(takeFront().waiting)).toEqual([6]);
});

test("nobody is forgotten when all are removed", () => {
  add(1, 2);
  const first = takeFront();
  add(3, 4, 5);
  queue.putBack(first, false);
  const { inDoubt, untried } = queue.removeAll();
  expect([startsOf(inDoubt), startsOf(untried)]).toEqual([[], [1, 2, 3, 4, 5]]);
  expect(queue.isEmpty()).toBe(true);
});
