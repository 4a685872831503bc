import { Unavailable } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { expect, test } from "vitest";
import { createSessions } from "./session.ts";

/** Stands still until it is advanced. */
const createClock = () => {
  let nowMs = 0;
  const sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (ms: number) => new Promise<void>((wake) => void sleepers.push({ atMs: nowMs + ms, wake })),
    advance: (ms: number) => {
      nowMs += ms;
      for (const { atMs, wake } of sleepers) if (atMs <= nowMs) wake();
    },
  };
};

test("who is in waits a moment for a Postgres that says nothing, stays in, and asks again in a second", async () => {
  const clock = createClock();
  let asked = 0;
  let tokens = 0;
  const sessions = createSessions({
    clock,
    platform,
    randomToken: () => `token-${++tokens}`,
    log: () => undefined,
    table: {
      put: async () => undefined,
      find: () => {
        asked++;
        return new Promise(() => undefined);
      },
      end: async () => undefined,
    },
  });
  const { id } = await sessions.open({ name: "ann", role: "operator" }, "users");
  const find = async () => {
    const finding = sessions.find(id);
    clock.advance(300);
    const found = await finding;
    return found === "away" ? found : found?.user.name;
  };
  expect([await find(), asked]).toEqual(["ann", 0]);
  clock.advance(5_000);
  expect([await find(), asked]).toEqual(["ann", 1]);
  expect([await find(), asked]).toEqual(["ann", 1]);
  clock.advance(1_000);
  expect([await find(), asked]).toEqual(["ann", 2]);
});

test("whom only a Postgres knows that does not answer is neither in nor out", async () => {
  const sessions = createSessions({
    clock: createClock(),
    platform,
    randomToken: () => "token",
    log: () => undefined,
    table: {
      put: async () => undefined,
      find: () => Promise.reject(new Unavailable("timeout")),
      end: async () => undefined,
    },
  });
  expect([await sessions.find("of-another-process"), await sessions.find(undefined)]).toEqual(["away", null]);
});
