import { setImmediate as settled } from "node:timers/promises";
import type { Exit, Running } from "@spillway/backends";
import { expect, test, vi } from "vitest";
import { diedAtOnce, type Episode, restartDelayMs, supervise } from "./supervisor.ts";

test("two deaths at once cost nothing, the next ones up to five seconds", () => {
  expect([0, 1, 2, 3, 4, 5, 9, 99].map(restartDelayMs)).toEqual([0, 0, 0, 250, 500, 1_000, 5_000, 5_000]);
});

test("only a process that ends by itself right after its start died at once", () => {
  expect(diedAtOnce({ code: 1, signal: null }, 300)).toBe(true);
  expect(diedAtOnce({ code: null, signal: "SIGSEGV" }, 300)).toBe(true);
  expect(diedAtOnce({ code: 1, signal: null }, 3_000)).toBe(false);
  expect(diedAtOnce({ code: null, signal: "SIGKILL" }, 300)).toBe(false);
});

/** A service whose starts end as told, the last way for ever; `die` ends the process that runs. */
const createService = (...starts: readonly (Error | "up")[]) => {
  let launches = 0;
  let alive = false;
  let exited = Promise.resolve<Exit>({ code: 1, signal: null });
  let die: (exit: Exit) => void = () => undefined;
  const service: Running = {
    name: "edge",
    url: "http://127.0.0.1:1",
    port: 1,
    logFile: "edge.log",
    pid: () => (alive ? 100 + launches : undefined),
    exited: () => exited,
    kill: async () => undefined,
    stop: async () => undefined,
    restart: async () => {
      const start = starts[Math.min(launches++, starts.length - 1)];
      if (start instanceof Error) throw start;
      alive = true;
      exited = new Promise((resolve) => {
        die = (exit) => {
          alive = false;
          resolve(exit);
        };
      });
    },
  };
  return { service, launches: () => launches, die: (exit: Exit) => die(exit) };
};

const killed: Exit = { code: null, signal: "SIGKILL" };
const kindsOf = (episodes: readonly Episode[]) => episodes.map(({ kind }) => kind);

test("a process is started, brought back when it dies, and reloaded when its source changes, which is no death", async () => {
  const { service, die } = createService("up");
  const episodes: Episode[] = [];
  const supervision = supervise(service, (episode) => void episodes.push(episode));
  await vi.waitFor(() => expect(kindsOf(episodes)).toEqual(["ready"]));
  die(killed);
  await vi.waitFor(() => expect(kindsOf(episodes)).toEqual(["ready", "died", "back"]));
  supervision.reload("libs/event/src/tier.ts");
  await vi.waitFor(() => expect(episodes.at(-1)).toEqual({ kind: "reloaded", file: "libs/event/src/tier.ts" }));
  expect(kindsOf(episodes)).toEqual(["ready", "died", "back", "reloaded"]);
  supervision.end();
  die(killed);
  await settled();
  expect(episodes).toHaveLength(4);
});

test("one that does not start is tried again, and at once when its source changes", async () => {
  const { service, launches } = createService(...Array(8).fill(new Error("broken")), "up");
  const episodes: Episode[] = [];
  const supervision = supervise(service, (episode) => void episodes.push(episode));
  await vi.waitFor(() => expect(kindsOf(episodes)).toEqual(["failed", "failed", "failed"]));
  while (episodes.at(-1)?.kind === "failed") {
    const before = launches();
    supervision.reload("apps/edge/src/app.ts");
    await vi.waitFor(() => expect(launches()).toBeGreaterThan(before));
    await settled();
  }
  expect(episodes.at(-1)).toEqual({ kind: "reloaded", file: "apps/edge/src/app.ts" });
  expect(kindsOf(episodes)).not.toContain("died");
  supervision.end();
});
