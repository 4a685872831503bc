import { Unavailable } from "@spillway/event";
import { expect, test } from "vitest";
import { createTopicLimits } from "./topic-limits.ts";

/** A clock that moves when it is told; sleepers wake in order. */
const handClock = () => {
  let nowMs = 0;
  const sleepers: { readonly atMs: number; wake(): void }[] = [];
  return {
    pass: (ms: number): void => {
      nowMs += ms;
      for (const sleeper of sleepers) if (sleeper.atMs <= nowMs) sleeper.wake();
    },
    clock: {
      monotonicMs: () => nowMs,
      wallMs: () => nowMs,
      sleep: (ms: number) => new Promise<void>((wake) => void sleepers.push({ atMs: nowMs + ms, wake })),
    },
  };
};

test("a topic is asked for once in half a minute, and what Kafka refuses to say is unknown", async () => {
  const { clock, pass } = handClock();
  const asked: string[] = [];
  const reader = {
    messageBytesMax: async (topic: string) => {
      asked.push(topic);
      if (topic === "secret") throw new Unavailable("topic_authorization_failed");
      return 1_048_588;
    },
  };
  const limits = createTopicLimits({ reader, clock });
  expect(await limits("events")).toEqual({ kind: "known", bytes: 1_048_588 });
  expect(await limits("secret")).toEqual({
    kind: "unknown",
    why: "Kafka does not say (topic_authorization_failed)",
  });
  await limits("secret");
  pass(29_999);
  await limits("events");
  expect(asked).toEqual(["events", "secret"]);
  pass(1);
  await limits("events");
  expect(asked).toEqual(["events", "secret", "events"]);
});

test("a page does not wait for a Kafka that is frozen, and has the answer when it comes", async () => {
  const { clock, pass } = handClock();
  let answer: (bytes: number) => void = () => undefined;
  const messageBytesMax = () =>
    new Promise<number>((resolve) => {
      answer = resolve;
    });
  const limits = createTopicLimits({ reader: { messageBytesMax }, clock });
  const first = limits("events");
  await Promise.resolve();
  pass(300);
  expect(await first).toEqual({ kind: "unknown", why: "Kafka has not answered yet" });
  answer(20_000);
  expect(await limits("events")).toEqual({ kind: "known", bytes: 20_000 });
});

test("without brokers in the settings that is why", async () => {
  const limits = createTopicLimits({ reader: null, clock: handClock().clock });
  expect(await limits("events")).toEqual({ kind: "unknown", why: "KAFKA_BROKERS is not set for the dashboard" });
});
