import { describe, expect, test } from "vitest";
import { indexes, recordOf, termOf } from "./record.fixture.ts";
import { createRecordQueue } from "./record-queue.ts";

describe("the queue of a lane", () => {
  test("gives what came first, first, across thousands of takes", () => {
    const queue = createRecordQueue();
    const term = termOf(0);
    const taken: number[] = [];
    for (let index = 0; index < 10_000; index++) {
      queue.push(recordOf(index, term));
      if (index % 7 === 0) taken.push(...indexes(queue.take(5, 1e9)));
    }
    while (queue.length > 0) taken.push(...indexes(queue.take(100, 1e9)));
    expect(taken).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });

  test("takes no more bytes than asked for, but always one record", () => {
    const queue = createRecordQueue();
    const term = termOf(0);
    for (let index = 0; index < 4; index++) queue.push(recordOf(index, term, index === 2 ? 5_000 : 100));
    expect(indexes(queue.take(10, 1_000))).toEqual([0, 1]);
    expect(indexes(queue.take(10, 1_000))).toEqual([2]);
    expect(indexes(queue.take(10, 1_000))).toEqual([3]);
    expect(queue.take(10, 1_000)).toEqual([]);
  });

  test("drops one term's records and keeps the others in order", () => {
    const queue = createRecordQueue();
    const [mine, other] = [termOf(0), termOf(1)];
    for (let index = 0; index < 6; index++) queue.push(recordOf(index, index % 2 === 0 ? mine : other));
    queue.take(1, 1e9);
    queue.drop(mine);
    expect(indexes(queue.take(10, 1e9))).toEqual([1, 3, 5]);
  });

  test("gives others than those of some keys, and leaves these where they are", () => {
    const queue = createRecordQueue();
    const term = termOf(0);
    for (const [index, key] of ["a", "b", "a", null, "c", "b"].entries()) queue.push({ ...recordOf(index, term), key });
    expect(indexes(queue.takeOthers(new Set(["a", "c"]), 2, 1e9))).toEqual([1, 3]);
    expect(indexes(queue.takeOthers(new Set(["a", "c", "b"]), 10, 1e9))).toEqual([]);
    expect(indexes(queue.take(10, 1e9))).toEqual([0, 2, 4, 5]);
  });
});
