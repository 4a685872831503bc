import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { bunBinary, type Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { postBehindBalancer, postOnce } from "../support/balancer.ts";
import { entryOf, type Pipeline, type Services, startEdge, startPipeline, startServices } from "../support/world.ts";

/* Several edges behind one port (EDGE_PROCESSES). */
const MEMBERS = 2;

let services: Services;
let pipeline: Pipeline;
beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, { relays: 0 });
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
});

const startFleet = async (more: Readonly<Record<string, string>> = {}): Promise<Running> => {
  const env = { ...more, ENVIRONMENT: "development", EDGE_PROCESSES: String(MEMBERS) };
  const edge = await startEdge(pipeline.name, pipeline.addresses, env);
  onTestFinished(() => edge.stop());
  await eventually("all members are up", async () => (await readiness(edge)).status === "up");
  return edge;
};

type Whole = { status: string; members: { member: number; status: string }[] };
const readiness = async (edge: Running): Promise<Whole> => (await (await fetch(`${edge.url}/readyz`)).json()) as Whole;

const membersOf = (edge: Running): number[] => {
  const parent = edge.pid() ?? 0;
  return readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

/** Each on a connection of its own. Answers what was answered. */
const post = async (edge: Running, count: number, name: string): Promise<string[]> => {
  const answers: string[] = [];
  for (let at = 0; at < count; at += 10) {
    const some = Array.from({ length: 10 }, (_, n) => postOnce(edge.port, `${name}-${at + n}`));
    answers.push(...(await Promise.all(some)));
  }
  return answers;
};

/** Events that each member has taken, by its number. */
const ingested = async (edge: Running): Promise<number[]> => {
  const text = await (await fetch(`${edge.url}/metrics`)).text();
  const counts = Array<number>(MEMBERS).fill(0);
  for (const [, member, value] of text.matchAll(
    /^spillway_events_ingested_total\{member="(\d)".*status="accepted".*\} (\d+)$/gm,
  ))
    counts[Number(member) - 1] = (counts[Number(member) - 1] ?? 0) + Number(value);
  return counts;
};

test("connections go to all of them, and what one is asked is answered for all", async () => {
  const edge = await startFleet();
  expect(new Set(await post(edge, 200, "all"))).toEqual(new Set(["202"]));
  const counts = await ingested(edge);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200);
  expect(counts.every((count) => count > 0)).toBe(true);
  const { members } = await readiness(edge);
  expect(members).toMatchObject([
    { member: 1, status: "up", checks: { stream: { status: "up" } } },
    { member: 2, status: "up", checks: { stream: { status: "up" } } },
  ]);
});

test("one that is killed −9 is started again, and the other takes events meanwhile", async () => {
  const edge = await startFleet();
  const [first = 0, second = 0] = membersOf(edge);
  process.kill(first, "SIGKILL");
  await eventually("another is started", () => membersOf(edge).length === MEMBERS && !membersOf(edge).includes(first));
  await eventually("all are up", async () => (await readiness(edge)).status === "up");
  expect(membersOf(edge)).toContain(second);
  // What was on its way to the killed one has no answer; then each has one again.
  await eventually("every connection is answered", async () => {
    const answers = await post(edge, 20, crypto.randomUUID());
    return answers.every((answer) => answer === "202");
  });
});

test("told to end, all answer what they have in hand, and the whole ends with 0", async () => {
  const edge = await startFleet({ STOP_DELAY_MS: "2000" });
  const members = membersOf(edge);
  const { outcomes, over } = postBehindBalancer(edge.port, 8);
  await eventually("events are accepted", () => (outcomes.get("202") ?? 0) > 50);
  await edge.kill("SIGTERM");
  await over;
  expect([...outcomes.keys()]).toEqual(["202"]);
  expect(await edge.exited()).toEqual({ code: 0, signal: null });
  expect(members.filter(isAlive)).toEqual([]);
});

test("none outlives the one that started them", async () => {
  const edge = await startFleet();
  const members = membersOf(edge);
  expect(members).toHaveLength(MEMBERS);
  await edge.kill("SIGKILL");
  await eventually("all have ended", () => !members.some(isAlive));
});

/** What an edge says that does not start. */
const refused = (env: Readonly<Record<string, string>>, command = bunBinary(), entry = entryOf("edge")) => {
  const { addresses } = pipeline;
  const { status, stderr } = spawnSync(command, [entry], {
    encoding: "utf8",
    env: {
      ...{ PATH: process.env.PATH, ENVIRONMENT: "development", EDGE_PROCESSES: "2" },
      ...{ DATABASE_URL: addresses.databaseUrl, REDIS_URL: addresses.redisUrl },
      ...env,
    },
  });
  return { status, said: stderr.trim().split("\n").at(-1) };
};

test("a port that is taken, that nobody knows, or a runtime that cannot share one is refused with a sentence", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => other.once("listening", listening));
  const { port } = other.address() as { port: number };
  expect(refused({ PORT: String(port) })).toEqual({
    status: 1,
    said: `HOST and PORT: cannot listen on 127.0.0.1:${port}: another process listens there`,
  });
  other.close();
  expect(refused({ PORT: "0" })).toMatchObject({ status: 1, said: expect.stringContaining("PORT: got 0") });
  expect(refused({}, "node", entryOf("edge").replace(".bun.", ".node."))).toMatchObject({
    status: 1,
    said: "EDGE_PROCESSES: got 2; only under Bun more than 1 share a port",
  });
});
