import { expect, test } from "vitest";
import { BodyBudget, Share } from "./budget.ts";

const MiB = 1024 * 1024;

/** How many bodies of so many bytes get in, until one does not. */
const fill = (budget: BodyBudget, sender: string, bytes: number) => {
  const shares = [];
  for (;;) {
    const share = new Share(budget, sender);
    if (!share.take(bytes)) return shares;
    shares.push(share);
  }
};

test("one key gets seven bodies of 4 MiB out of 64, and still all its small ones", () => {
  const budget = new BodyBudget(64 * MiB);
  expect(fill(budget, "shop", 4 * MiB)).toHaveLength(7);
  expect(fill(budget, "shop", 300).length).toBeGreaterThan(10_000);
  expect(budget.bytesInHand).toBeLessThanOrEqual(32 * MiB);
});

test("a key that takes all it gets leaves room for the next one's large bodies, and so on", () => {
  const budget = new BodyBudget(64 * MiB);
  const counts = ["evil", "shop", "third"].map((sender) => fill(budget, sender, 4 * MiB - 1).length);
  expect(counts).toEqual([7, 4, 2]);
});

test("however it is asked, the budget holds, and everything comes back", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  let state = seed;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state % below;
  };
  const budget = new BodyBudget(1_000);
  const held = Array.from({ length: 50 }, (_, n) => new Share(budget, `k${n % 3}`));
  for (let i = 0; i < 10_000; i++) {
    const share = held[random(held.length)];
    if (random(4) === 0) share?.release();
    else share?.take(random(300));
    expect(budget.bytesInHand, `seed ${seed}`).toBeLessThanOrEqual(1_000);
    expect(budget.bytesInHand, `seed ${seed}`).toBeGreaterThanOrEqual(0);
  }
  for (const share of held) share.release();
  for (const share of held) share.release();
  expect(budget.bytesInHand, `seed ${seed}`).toBe(0);
});

test("what does not fit takes nothing", () => {
  const budget = new BodyBudget(100);
  const share = new Share(budget, "a");
  expect([share.take(34), share.take(33), budget.bytesInHand]).toEqual([false, true, 33]);
});
