import type { Job, JobMove, Skips } from "@spillway/dead-letters";
import { type LetterRefusal, refuseLetter, systemClock, Unavailable } from "@spillway/event";
import { expect, test } from "vitest";
import { job as sample } from "../app.fixture.tsx";
import { type RunnerPorts, runJobs, stepJobs } from "./run.ts";

/** A runner over so many letters; what it did, in order. */
const setUp = (over: Partial<Job> = {}, letters = 12) => {
  const job = { ...sample, cursor: "0", skipped: {} as Skips, rate: 5, ...over };
  const did: string[] = [];
  const world = {
    refused: [] as LetterRefusal[],
    died: 0,
    oldest: null as number | null,
    parked: false,
    obstacle: null as string | null,
  };
  const state = { ...job };
  const ports: RunnerPorts = {
    jobs: {
      take: async () => (["running", "arriving"].includes(state.state) ? { ...state } : null),
      advance: async (_, cursor, skipped) => {
        did.push(`advance ${cursor}`);
        Object.assign(state, { cursor, skipped });
        return true;
      },
      move: async (_, move: JobMove) => {
        did.push(move);
        state.state =
          ({ stop: "stopped", decided: "arriving", finish: "done" } as Record<string, Job["state"]>)[move] ??
          state.state;
        return true;
      },
      counts: async () => ({ decided: 0, died: world.died }),
      discardedBy: async (_, after, rowsMax) =>
        Array.from({ length: letters }, (__, i) => String(i + 1)).slice(Number(after), Number(after) + rowsMax),
      drained: async () => {
        did.push("drained");
        Object.assign(state, { drainedAtMs: 100_000 });
        return true;
      },
      parked: async () => world.parked,
    },
    following: async (_, after, rowsMax) => {
      const from = Number(after);
      const ids = Array.from({ length: Math.min(rowsMax, letters - from) }, (__, i) => String(from + i + 1));
      return { ids, next: from + ids.length < letters ? (ids.at(-1) ?? null) : null };
    },
    decide: async ({ kind }, hold, ids) => {
      did.push(`${kind} ${ids.join()}`);
      expect(hold).toEqual({ id: "3", runner: "me" });
      return { refused: world.refused.filter(({ id }) => ids.includes(id)) };
    },
    oldestInStreams: async () => world.oldest,
    obstacle: () => world.obstacle,
    clock: { ...systemClock, monotonicMs: () => 0, sleep: async () => undefined },
    log: (_, event) => void did.push(event),
  };
  return { ports, did, world, state, step: () => stepJobs(ports, "me") };
};

test("decides in the order of death, at its rate, and is over when nothing of its own is under way", async () => {
  const { did, world, step } = setUp();
  const waits: number[] = [];
  for (let i = 0; i < 3; i++) waits.push(await step());
  expect(did).toEqual([
    ...["replay 1,2,3,4,5", "advance 5", "replay 6,7,8,9,10", "advance 10", "replay 11,12", "advance 12", "decided"],
  ]);
  expect(waits).toEqual([1_000, 1_000, 400]);
  did.length = 0;
  await step();
  world.oldest = 104_000;
  await step();
  world.oldest = 106_000;
  world.parked = true;
  await step();
  expect(did).toEqual(["drained"]);
  world.parked = false;
  await step();
  expect(did).toEqual(["drained", "finish"]);
});

test("counts by its code what it leaves, and goes on", async () => {
  const { world, state, step } = setUp();
  world.refused = [
    { id: "2", code: "replayed_too_often", detail: "" },
    { id: "7", code: "replayed_too_often", detail: "" },
    refuseLetter("8", "discarded"),
  ];
  for (let i = 0; i < 3; i++) await step();
  expect(state.skipped).toEqual({ replayed_too_often: 2, discarded: 1 });
});

test("stops where more of its letters died again than it may cost", async () => {
  const { did, world, state, step } = setUp({ deathsMax: 3 });
  world.died = 3;
  await step();
  world.died = 4;
  await step();
  expect([did.at(-1), state.state]).toEqual(["stop", "stopped"]);
});

test("what it does not hold any more it neither passes nor counts", async () => {
  const { did, world, step } = setUp();
  world.refused = [refuseLetter("3", "waiting")];
  expect(await step()).toBe(0);
  expect(did).toEqual(["replay 1,2,3,4,5"]);
});

test("letters for which a call has no room are in the next, and one that never has is passed", async () => {
  const { did, world, state, step } = setUp({}, 5);
  world.refused = [
    { id: "3", code: "batch_too_large", detail: "" },
    { id: "4", code: "batch_too_large", detail: "" },
    { id: "5", code: "batch_too_large", detail: "" },
  ];
  await step();
  await step();
  world.refused = [];
  await step();
  expect(did).toEqual([
    "replay 1,2,3,4,5",
    "advance 2",
    "replay 3,4,5",
    "advance 3",
    "replay 4,5",
    "advance 5",
    "decided",
  ]);
  expect(state.skipped).toEqual({ batch_too_large: 1 });
});

test("takes a discard back letter by letter of the job that did it, and has nothing to wait for", async () => {
  const { did, step } = setUp({ kind: "restore", undoes: "2" }, 7);
  await step();
  await step();
  expect(did).toEqual(["restore 1,2,3,4,5", "advance 5", "restore 6,7", "advance 7", "finish"]);
});

test("replays nothing into another installation's Redis", async () => {
  const { did, world, step } = setUp();
  world.obstacle = "another installation's";
  await step();
  expect(did).toEqual([]);
});

test("waits for a backend that is away, and tells a bug", async () => {
  const { ports, did } = setUp();
  const stopping = new AbortController();
  let asked = 0;
  const away = {
    ...ports,
    jobs: {
      ...ports.jobs,
      take: async () => {
        if (++asked === 3) stopping.abort();
        throw new Unavailable("timeout");
      },
    },
  };
  await runJobs(away, "me", stopping.signal);
  expect(did).toEqual(["jobs.unavailable", "jobs.unavailable", "jobs.unavailable"]);
  const broken = { ...ports, jobs: { ...ports.jobs, take: () => Promise.reject(new TypeError("a bug")) } };
  await expect(runJobs(broken, "me", new AbortController().signal)).rejects.toThrow("a bug");
});
