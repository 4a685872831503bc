import { describe, expect, test } from "vitest";
import { everyBug } from "./every-bug.ts";
import foundIn from "./found-in.json" with { type: "json" };
import { hunt, look } from "./hunt.ts";
import { simulate } from "./simulation.ts";

/*
 * The quick set. `SEED=317 npx vitest run test/simulation` runs that seed alone and prints its trace; the large set is
 * `npm run simulate`.
 */
const only = process.env.SEED;
const SEEDS = 1_000;
/** Seeds go in blocks, so that a failure names few. */
const BLOCK = 100;
/** Each bug shows within this. */
const BUG_SEEDS_MAX = 4_000;
/** What it takes to look through so many worlds on a busy machine; seconds where `found-in.json` is right. */
const HUNT_MS_MAX = 900_000;
const recorded: Readonly<Record<string, number>> = foundIn;

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

  test.each(Object.entries(everyBug))(
    "finds: %s",
    async (name, bug) => {
      const found = (await look(bug, recorded[name] ?? 1)) ?? (await hunt(bug, BUG_SEEDS_MAX));
      expect(found).not.toBeNull();
    },
    HUNT_MS_MAX,
  );

  test("has a seed on record for each bug and for nothing else", () => {
    expect(Object.keys(recorded).sort()).toEqual(Object.keys(everyBug).sort());
  });
};

describe("the simulation", only === undefined ? quickSet : replay);
