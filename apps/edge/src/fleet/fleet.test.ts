import { createManualClock, settlePromises } from "@spillway/memory";
import { expect, test } from "vitest";
import { type Member, runFleet } from "./fleet.ts";

/** Members that end when they are told to, and what was said of them. */
const createWorld = (count: number, { served = true, obeys = true } = {}) => {
  const clock = createManualClock();
  const [stopping, hurrying] = [new AbortController(), new AbortController()];
  const logged: string[] = [];
  const signals: string[] = [];
  const alive = new Map<number, (code: number) => void>();
  let pids = 0;
  const spawn = (number: number): Member => {
    const exited = new Promise<number>((resolve) => {
      alive.set(number, (code) => {
        alive.delete(number);
        resolve(code);
      });
    });
    const kill = (signal: string): void => {
      signals.push(`${number} ${signal}`);
      if (obeys || signal === "SIGINT") alive.get(number)?.(0);
    };
    return { pid: ++pids, exited, hasServed: () => served, kill };
  };
  let end: string | null = null;
  const log = (_level: string, event: string, fields = {}) => void logged.push(`${event} ${Object.values(fields)}`);
  void runFleet(count, { spawn, clock, log, stopping: stopping.signal, hurrying: hurrying.signal }).then((how) => {
    end = how;
  });
  return { clock, stopping, hurrying, logged, signals, alive, end: () => end };
};

test("a member that ends is started again, a second later, and the others go on", async () => {
  const { clock, alive, logged, signals } = createWorld(2);
  await settlePromises();
  alive.get(2)?.(137);
  await settlePromises();
  expect([...alive.keys()]).toEqual([1]);
  await clock.advance(1_000);
  expect([...alive.keys()]).toEqual([1, 2]);
  expect(logged).toEqual(["member.started 1,1", "member.started 2,2", "member.ended 2,2,137", "member.started 2,3"]);
  expect(signals).toEqual([]);
});

test("one that ends before it has served ends them all", async () => {
  const { alive, signals, end } = createWorld(3, { served: false });
  await settlePromises();
  alive.get(1)?.(1);
  await settlePromises();
  expect([signals, end()]).toEqual([["2 SIGTERM", "3 SIGTERM"], "failed"]);
});

test("a stop tells each, waits for all, and starts none", async () => {
  const { clock, alive, stopping, signals, end } = createWorld(2, { obeys: false });
  await settlePromises();
  alive.get(1)?.(1);
  await settlePromises();
  stopping.abort();
  await clock.advance(5_000);
  expect([[...alive.keys()], signals, end()]).toEqual([[2], ["2 SIGTERM"], null]);
  alive.get(2)?.(0);
  await settlePromises();
  expect(end()).toBe("stopped");
});

test("who is in a hurry makes each so", async () => {
  const { stopping, hurrying, signals, end } = createWorld(2, { obeys: false });
  await settlePromises();
  stopping.abort();
  hurrying.abort();
  await settlePromises();
  expect([signals, end()]).toEqual([["1 SIGTERM", "2 SIGTERM", "1 SIGINT", "2 SIGINT"], "stopped"]);
});
