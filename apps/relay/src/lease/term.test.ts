import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createTerm } from "./term.ts";

const setup = () => {
  const clock = createManualClock();
  const lease = { shard: 0, owner: "r1", token: 1 };
  return { clock, term: createTerm({ lease, clock, sentAtMs: clock.monotonicMs(), trustMs: 100 }) };
};

describe("a term", () => {
  test("holds up to its deadline and not at it", async () => {
    const { clock, term } = setup();
    await clock.advance(99);
    expect(term.holds()).toBe(true);
    await clock.advance(1);
    expect(term.holds()).toBe(false);
    expect(term.over).toBe(true);
  });

  test("a renewal counts from when it was sent", async () => {
    const { clock, term } = setup();
    await clock.advance(60);
    const sentAtMs = clock.monotonicMs();
    await clock.advance(30);
    term.renewed(sentAtMs);
    await clock.advance(69);
    expect(term.holds()).toBe(true);
    await clock.advance(1);
    expect(term.holds()).toBe(false);
  });

  test("never holds again, also when a renewal's answer comes late", async () => {
    const { clock, term } = setup();
    const sentAtMs = clock.monotonicMs() + 90;
    await clock.advance(100);
    expect(term.holds()).toBe(false);
    term.renewed(sentAtMs);
    expect(term.holds()).toBe(false);
  });

  test("tells its end once, also to who asks afterwards", () => {
    const { term } = setup();
    const reasons: string[] = [];
    term.onEnd((reason) => reasons.push(reason));
    term.end("fenced");
    term.end("released");
    term.onEnd((reason) => reasons.push(reason));
    expect(reasons).toEqual(["fenced", "fenced"]);
  });
});
