import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

test("one piece a turn, first come first served, and no turn when nobody waits", async () => {
  const loop: (() => void)[] = [];
  const turns = createTurns((then) => void loop.push(then));
  const done: string[] = [];
  for (const name of ["a", "b", "c"]) void turns.own().then(() => done.push(name));
  const goRound = async () => {
    for (const then of loop.splice(0)) then();
    await Promise.resolve();
  };
  expect(loop).toHaveLength(1);
  await goRound();
  expect(done).toEqual(["a"]);
  void turns.own().then(() => done.push("d"));
  for (let i = 0; i < 3; i++) await goRound();
  expect(done).toEqual(["a", "b", "c", "d"]);
  expect(loop).toEqual([]);
  void turns.own().then(() => done.push("e"));
  await goRound();
  expect(done.at(-1)).toBe("e");
});

test("without turns it is always one's turn", async () => {
  const turns = createTurns();
  await turns.own();
  await turns.next();
});

test("whoever asks for the next turn shares it, and who asks in it gets the one after", async () => {
  const loop: (() => void)[] = [];
  const turns = createTurns((then) => void loop.push(then));
  const done: string[] = [];
  for (const name of ["a", "b"]) void turns.next().then(() => done.push(name));
  expect(loop).toHaveLength(1);
  for (const then of loop.splice(0)) then();
  void turns.next().then(() => done.push("c"));
  await Promise.resolve();
  await Promise.resolve();
  expect([done, loop.length]).toEqual([["a", "b"], 1]);
});
