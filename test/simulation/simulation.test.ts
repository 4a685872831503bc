import { describe, expect, test } from "vitest";
import { everyBug } from "./every-bug.ts";
import { hunt } from "./hunt.ts";
import { simulate } from "./simulation.ts";

/*
 * The quick set. `SEED=317 npx vitest run test/simulation` runs that seed alone and prints its trace; the large set is
 * `npm run simulate`.
 */
const only = process.env.SEED;
const SEEDS = 1_000;
/** Seeds go in blocks, so that a failure names few. */
const BLOCK = 100;
/** Each bug shows within this; README.md tells after how many. */
const BUG_SEEDS_MAX = 2_500;

const failuresOf = async (from: number, to: number): Promise<string[]> => {
  const failures: string[] = [];
  for (let seed = from; seed < to; seed++) {
    const { violations } = await simulate(seed);
    for (const violation of violations) failures.push(`SEED=${seed}: ${violation}`);
  }
  return failures;
};

const replay = () => {
  test(`the simulation keeps every promise in seed ${only}`, async () => {
    const { trace, violations } = await simulate(Number(only), { keepTrace: true });
    console.log(trace.join("\n"));
    expect(violations).toEqual([]);
  });
};

const quickSet = () => {
  const blocks = Array.from({ length: SEEDS / BLOCK }, (_, block) => 1 + block * BLOCK);

  test.each(blocks)("keeps every promise in the hundred seeds from %i", async (from) => {
    expect(await failuresOf(from, from + BLOCK)).toEqual([]);
  });

  test("does the same again with the same seed, and something else with another", async () => {
    const hashes: string[] = [];
    for (let seed = 1; seed <= 40; seed++) {
      const [first, second] = [await simulate(seed), await simulate(seed, { keepTrace: true })];
      expect(second.hash).toBe(first.hash);
      hashes.push(first.hash);
    }
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test("runs two seeds at once without one disturbing the other", async () => {
    const alone = [(await simulate(3)).hash, (await simulate(4)).hash];
    const together = await Promise.all([simulate(3), simulate(4)]);
    expect(together.map(({ hash }) => hash)).toEqual(alone);
  });

  test.each(Object.entries(everyBug))("finds: %s", async (_name, bug) => {
    expect(await hunt(bug, BUG_SEEDS_MAX)).not.toBeNull();
  });
};

describe("the simulation", only === undefined ? quickSet : replay);
