import { createManualClock } from "@spillway/memory";
import { expect, test } from "vitest";
import { createLinger } from "./linger.ts";

/** The linger of an edge whose event loop a test turns round by round. */
const createStage = () => {
  const clock = createManualClock();
  const turns: (() => void)[] = [];
  const stage = { clock, waiting: 0, starts: [] as number[], turns };
  const linger = createLinger({
    clock,
    nextTurn: (then) => void turns.push(then),
    waiting: () => stage.waiting,
    start: () => {
      stage.starts.push(stage.waiting);
      stage.waiting = 0;
    },
  });
  const arrive = (events: number) => {
    stage.waiting += events;
    linger.arrived(events);
  };
  const turn = (times = 1) => {
    for (let i = 0; i < times; i++) for (const then of turns.splice(0)) then();
  };
  return { ...stage, state: stage, linger, arrive, turn };
};

test("a client alone goes after one turn, with whoever came in the same", () => {
  const { arrive, turn, starts, turns } = createStage();
  arrive(1);
  arrive(1);
  expect(starts).toEqual([]);
  turn();
  expect(starts).toEqual([2]);
  expect(turns).toEqual([]);
});

test("those who were answered together go together, with those who waited meanwhile", () => {
  const { state, linger, arrive, turn, starts } = createStage();
  arrive(3);
  turn();
  state.waiting = 2;
  linger.answered(3);
  arrive(1);
  turn(2);
  arrive(1);
  turn(2);
  expect(starts).toEqual([3]);
  arrive(1);
  turn();
  expect(starts).toEqual([3, 5]);
});

test("when nobody comes for some turns, the others are not waited for", () => {
  const { linger, arrive, turn, starts, turns } = createStage();
  linger.answered(64);
  arrive(1);
  turn(5);
  expect(starts).toEqual([]);
  turn();
  expect(starts).toEqual([1]);
  expect(turns).toEqual([]);
});

test("nobody waits longer than a millisecond, even if somebody comes in every turn", async () => {
  const { clock, linger, arrive, turn, starts } = createStage();
  linger.answered(64);
  for (let i = 0; i < 10; i++) {
    arrive(1);
    turn();
  }
  expect(starts).toEqual([]);
  await clock.advance(1);
  arrive(1);
  turn();
  expect(starts).toEqual([11]);
});

test("a full group goes at once", () => {
  const { state, linger, arrive, turn, starts } = createStage();
  state.waiting = 400;
  linger.answered(1_600);
  expect(starts).toEqual([400]);
  arrive(400);
  turn();
  expect(starts).toEqual([400, 400]);
});

test("after an append with nobody left to wait, nothing turns", () => {
  const { linger, turns } = createStage();
  linger.answered(10);
  expect(turns).toEqual([]);
});
