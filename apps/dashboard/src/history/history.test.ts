import { Unavailable } from "@spillway/event";
import { expect, test } from "vitest";
import type { Sights } from "../ports.ts";
import { askersOf, soundShard, soundSights } from "../sights.fixture.ts";
import { createWatch } from "../watch/watch.ts";
import { createHistory, pointsOf } from "./history.ts";
import type { FlowSample, FlowSpan } from "./rollups.ts";

const row = (seconds: number, accepted: number, ended = 0): FlowSpan => ({
  spanSeconds: 10,
  atMs: seconds * 1_000,
  accepted,
  ended,
  refused: 0,
  waiting: 7,
  oldestMs: 9,
});

test("rates are between rows that follow each other; an emptied Redis, a time that nobody saw and a span under way tell none", () => {
  const rows = [row(0, 100), row(10, 150, 20), row(20, 3, 30), row(30, 33, 30), row(100, 99, 99), row(110, 99, 99)];
  expect(pointsOf(rows, 10).map(({ inPerSecond, outPerSecond }) => [inPerSecond, outPerSecond])).toEqual([
    [null, null],
    [5, 2],
    [null, 1],
    [3, 0],
    [null, null],
    [null, null],
  ]);
});

test("a sample is written every ten seconds, none of what is unknown, and Postgres may be away", async () => {
  let nowMs = 0;
  const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined };
  const sights: { now: Sights } = {
    now: { ...soundSights, shards: [soundShard(0, { relayed: 5, dead: 1, backlogEvents: 2 })] },
  };
  const watch = createWatch({ ...askersOf(() => sights.now), clock });
  const written: FlowSample[] = [];
  let isAway = true;
  const rollups = {
    write: async (sample: FlowSample) => {
      if (isAway) throw new Unavailable("timeout");
      written.push(sample);
    },
    read: async () => [row(0, 1)],
  };
  const history = createHistory(rollups, clock);
  void history.run(watch);
  const lookAt = async (ms: number) => {
    nowMs = ms;
    await watch.fresh();
    await new Promise((resolve) => setImmediate(resolve));
  };
  await lookAt(0);
  expect([written.length, history.points("minutes").length]).toEqual([0, 0]);
  isAway = false;
  for (const ms of [9_999, 10_000, 15_000, 20_000]) await lookAt(ms);
  expect(written).toEqual(Array(2).fill({ accepted: 8, ended: 6, refused: 0, waiting: 2, oldestMs: 0 }));
  sights.now = { ...soundSights, outbox: null };
  await lookAt(30_000);
  expect([written.length, history.points("minutes").length, history.points("day").length]).toEqual([2, 1, 0]);
});
