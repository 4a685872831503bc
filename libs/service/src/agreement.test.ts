import type { Clock } from "@spillway/event";
import { expect, test } from "vitest";
import { type Agreement, untilAgreed, whileAgreed } from "./agreement.ts";

const disagreed: Agreement = { kind: "disagreed", reason: "SHARDS is 4, but this Redis was set up with 8" };
const agreed: Agreement = { kind: "agreed" };

/** Answers in order; when they are used up the signal aborts. */
const asking = (...answers: Agreement[]) => {
  const stopping = new AbortController();
  const slept: number[] = [];
  let asked = 0;
  const sleep: Clock["sleep"] = async (ms) => {
    slept.push(ms);
    if (asked === answers.length) stopping.abort();
  };
  const ask = async (): Promise<Agreement> => answers[asked++] ?? agreed;
  return { options: { ask, clock: { sleep } as Clock }, signal: stopping.signal, slept, asked: () => asked };
};

test("waits for Redis to answer, and says nothing when it agrees", async () => {
  const { options, signal, asked } = asking({ kind: "unknown" }, { kind: "unknown" }, agreed);
  expect(await untilAgreed(options, signal)).toBeNull();
  expect(asked()).toBe(3);
});

test("says why it must not start", async () => {
  const { options, signal } = asking(disagreed);
  expect(await untilAgreed(options, signal)).toContain("set up with 8");
});

test("notices a number that changed later", async () => {
  const { options, signal, slept } = asking(agreed, agreed, disagreed);
  expect(await whileAgreed(options, signal)).toContain("set up with 8");
  expect(slept).toEqual([10_000, 10_000]);
});

test("ends with the signal", async () => {
  const { options, signal } = asking({ kind: "unknown" });
  expect(await whileAgreed(options, signal)).toBeNull();
});
