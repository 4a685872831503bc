import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

test("one piece a turn, first come first served, and no turn when nobody waits", async () => {
  const loop: (() => void)[] = [];
  const turns = createTurns((then) => void loop.push(then));
  const done: string[] = [];
  for (const name of ["a", "b", "c"]) void turns().then(() => done.push(name));
  const goRound = async () => {
    for (const then of loop.splice(0)) then();
    await Promise.resolve();
  };
  expect(loop).toHaveLength(1);
  await goRound();
  expect(done).toEqual(["a"]);
  void turns().then(() => done.push("d"));
  for (let i = 0; i < 3; i++) await goRound();
  expect(done).toEqual(["a", "b", "c", "d"]);
  expect(loop).toEqual([]);
  void turns().then(() => done.push("e"));
  await goRound();
  expect(done.at(-1)).toBe("e");
});

test("without turns it is always one's turn", async () => {
  await createTurns()();
});
