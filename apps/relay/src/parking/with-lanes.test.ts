import { describe, expect, test } from "vitest";
import type { Lane } from "../partition/lane.ts";
import type { Stillness } from "../partition/lane-mode.ts";
import { createWithLanes } from "./with-lanes.ts";

const STANDS: Stillness = { sinceMs: 0, code: "not_leader" };

const laneOf = () => {
  const lane: { stillness: Stillness | null } = { stillness: null };
  const stands = (does: boolean): void => {
    lane.stillness = does ? STANDS : null;
  };
  return { lane: lane as Lane, stands };
};

const setUp = () => {
  const withLanes = createWithLanes();
  const [one, other] = [laneOf(), laneOf()];
  let id = 0;
  /** The next rows, each as large; answers which of them went. */
  const read = (count: number, { lane }: typeof one, bytes = 10): number[] =>
    Array.from({ length: count }, () => ++id).filter((next) => {
      const goes = withLanes.mayGo(String(next), lane);
      if (goes) withLanes.add(String(next), lane, bytes);
      return goes;
    });
  return { withLanes, one, other, read };
};

describe("rows with the lanes", () => {
  test("are as many as a lane takes that goes, and few for one that stands still", () => {
    const { withLanes, one, other, read } = setUp();
    one.stands(true);
    expect(read(700, one)).toHaveLength(500);
    expect(withLanes.isFull).toBe(false);
    expect(read(1_999, other)).toHaveLength(1_999);
    expect(withLanes.isFull).toBe(false);
    expect(read(1, other)).toHaveLength(1);
    expect(withLanes.isFull).toBe(true);
    expect([withLanes.size, withLanes.passedOver]).toEqual([2_500, 1]);
  });

  test("are fewer when they are large", () => {
    const { withLanes, one, other, read } = setUp();
    one.stands(true);
    expect(read(5, one, 600_000)).toEqual([1, 2]);
    read(13, other, 600_000);
    expect(withLanes.isFull).toBe(false);
    read(1, other, 600_000);
    expect(withLanes.isFull).toBe(true);
  });

  test("that were passed over are not passed by what is behind them, and read again once their lane has room", () => {
    const { withLanes, one, other, read } = setUp();
    one.stands(true);
    read(500, one);
    expect([read(2, one), read(2, other)]).toEqual([[], [503, 504]]);
    expect(withLanes.resume()).toBeNull();
    one.stands(false);
    expect(read(1, one)).toEqual([]);
    expect(withLanes.resume()).toBe("500");
    expect([withLanes.resume(), withLanes.passedOver]).toEqual([null, 0]);
    expect(withLanes.mayGo("501", one.lane)).toBe(true);
  });

  test("leave room when they have met their end", () => {
    const { withLanes, one, read } = setUp();
    one.stands(true);
    read(501, one);
    withLanes.remove("17");
    expect([withLanes.has("17"), withLanes.has("18")]).toEqual([false, true]);
    expect(withLanes.resume()).toBe("500");
    expect(() => withLanes.remove("17")).toThrow("row 17 leaves a lane where it is not");
  });
});
