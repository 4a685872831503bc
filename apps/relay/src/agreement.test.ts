import { createManualClock } from "@spillway/memory";
import { expect, test } from "vitest";
import { type Agreement, untilAgreed, whileAgreed } from "./agreement.ts";

const disagreed: Agreement = { kind: "disagreed", reason: "SHARDS is 4, but this Redis was set up with 8" };

const asking = (...answers: Agreement[]) => {
  const clock = createManualClock();
  let asked = 0;
  const ask = async (): Promise<Agreement> => answers[asked++] ?? { kind: "agreed" };
  return { clock, options: { ask, clock }, asked: () => asked };
};

test("waits for Redis to answer, and says nothing when it agrees", async () => {
  const { clock, options, asked } = asking({ kind: "unknown" }, { kind: "unknown" });
  const answer = untilAgreed(options, new AbortController().signal);
  await clock.advance(1_000);
  expect(await answer).toBeNull();
  expect(asked()).toBe(3);
});

test("says why it must not start", async () => {
  const { options } = asking(disagreed);
  expect(await untilAgreed(options, new AbortController().signal)).toContain("set up with 8");
});

test("notices a number that changed later", async () => {
  const { clock, options } = asking({ kind: "agreed" }, { kind: "agreed" }, disagreed);
  const answer = whileAgreed(options, new AbortController().signal);
  await clock.advance(20_000);
  expect(await answer).toContain("set up with 8");
});

test("ends with the signal", async () => {
  const { options } = asking({ kind: "unknown" });
  const stopping = new AbortController();
  const answer = untilAgreed(options, stopping.signal);
  stopping.abort();
  expect(await answer).toBeNull();
});
