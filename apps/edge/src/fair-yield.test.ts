import { expect, test } from "vitest";
import { createFairYield } from "./fair-yield.ts";

test("one piece a turn, first come first served, and no turn when nobody waits", async () => {
  const loop: (() => void)[] = [];
  const fairYield = createFairYield((then) => void loop.push(then));
  const done: string[] = [];
  for (const name of ["a", "b", "c"]) void fairYield.own().then(() => done.push(name));
  const goRound = async () => {
    for (const then of loop.splice(0)) then();
    await Promise.resolve();
  };
  expect(loop).toHaveLength(1);
  await goRound();
  expect(done).toEqual(["a"]);
  void fairYield.own().then(() => done.push("d"));
  for (let i = 0; i < 3; i++) await goRound();
  expect(done).toEqual(["a", "b", "c", "d"]);
  expect(loop).toEqual([]);
  void fairYield.own().then(() => done.push("e"));
  await goRound();
  expect(done.at(-1)).toBe("e");
});

test("where there is no `nextTurn` it is always one's turn", async () => {
  const fairYield = createFairYield();
  await fairYield.own();
  await fairYield.next();
});

test("whoever asks for the next turn shares it, and who asks in it gets the one after", async () => {
  const loop: (() => void)[] = [];
  const fairYield = createFairYield((then) => void loop.push(then));
  const done: string[] = [];
  for (const name of ["a", "b"]) void fairYield.next().then(() => done.push(name));
  expect(loop).toHaveLength(1);
  for (const then of loop.splice(0)) then();
  void fairYield.next().then(() => done.push("c"));
  await Promise.resolve();
  await Promise.resolve();
  expect([done, loop.length]).toEqual([["a", "b"], 1]);
});
