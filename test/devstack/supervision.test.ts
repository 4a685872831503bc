import { statSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createStackFolder, type Run, type StackFolder } from "./stack.ts";

/* The tasks of `turbo dev` as processes: the devstack and the app tasks that attach to it. */
const APPS = ["edge", "relay", "dashboard"];
let folder: StackFolder;
// Each starts everything, some twice; on two busy cores that is minutes.
vi.setConfig({ testTimeout: 300_000 });
beforeEach(() => {
  folder = createStackFolder();
});
afterEach(() => folder.discard());

type Tasks = { readonly dev: Run; readonly apps: readonly Run[] };

const start = async (): Promise<Tasks> => {
  const tasks = { dev: folder.run("dev"), apps: APPS.map((app) => folder.run("attach", app)) };
  const everything = () => [tasks.dev, ...tasks.apps].map((run) => run.output()).join("");
  await eventually(
    "every app to be ready",
    () => {
      if (tasks.dev.child.exitCode !== null) throw new Error(everything());
      return tasks.apps.every((run) => run.output().includes("ready on")) && folder.devEnv();
    },
    200_000,
  );
  return tasks;
};

const healthUrls = () => {
  const { EDGE_URL, RELAY_URL, DASHBOARD_URL } = folder.devEnv();
  return [`${EDGE_URL}/readyz`, `${RELAY_URL}/livez`, `${DASHBOARD_URL}/livez`];
};
const allHealthy = () =>
  eventually("every app to answer", async () =>
    (await Promise.all(healthUrls().map((url) => fetch(url)))).every(({ ok }) => ok),
  );
const nothingLeft = () => eventually("no process to be left", () => folder.processes().length === 0);

test("what dies comes back with its address and its data, and dev.env names its new pid", async () => {
  const { dev, apps } = await start();
  const before = folder.devEnv();
  expect(statSync(join(folder.path, "dev.env")).mode & 0o777).toBe(0o600);
  const redis = new Redis(before.REDIS_URL ?? "");
  await redis.set("kept", "yes");
  redis.disconnect();

  const names = Object.keys(before).filter((name) => name.endsWith("_PID"));
  expect(names).toHaveLength(7);
  for (const name of names) {
    const pid = before[name];
    process.kill(Number(pid), "SIGKILL");
    await eventually(`another ${name}`, () => folder.devEnv()[name] !== pid);
  }
  await allHealthy();
  const after = folder.devEnv();
  const addresses = (lines: typeof before) => Object.entries(lines).filter(([name]) => !name.endsWith("_PID"));
  expect(addresses(after)).toEqual(addresses(before));
  const again = new Redis(after.REDIS_URL ?? "");
  expect(await again.get("kept")).toBe("yes");
  again.disconnect();

  const second = folder.run("dev");
  expect(await second.ended).toBe(0);
  expect(second.output()).toContain(`already runs as pid ${dev.child.pid}`);
  expect(await folder.run("attach", "edge").ended).toBe(0);
  expect(folder.devEnv()).toEqual(after);

  // One signal to the devstack ends the app tasks too.
  dev.child.kill("SIGTERM");
  expect(await Promise.all([dev, ...apps].map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
  await nothingLeft();
  expect(() => folder.devEnv()).toThrow("ENOENT");
});

test("a devstack that is killed -9 takes everything with it", async () => {
  const { dev, apps } = await start();
  dev.child.kill("SIGKILL");
  await Promise.all(apps.map(({ ended }) => ended));
  await nothingLeft();
});

test("what is left when the watcher was killed too is found and ended by the next start, and its data is used", async () => {
  const { dev, apps } = await start();
  const { REDIS_URL = "", API_KEY, ...left } = folder.devEnv();
  const redis = new Redis(REDIS_URL);
  await redis.set("kept", "yes");
  redis.disconnect();
  const all = folder.processes();
  const isWatcher = (command: string) => command.startsWith("/bin/sh -c");
  for (const { pid } of all.filter(({ command }) => isWatcher(command))) process.kill(pid, "SIGKILL");
  for (const { child } of apps) child.kill("SIGKILL");
  dev.child.kill("SIGKILL");
  await Promise.all([dev, ...apps].map(({ ended }) => ended));
  expect(folder.processes().map(({ pid }) => pid)).toEqual(
    expect.arrayContaining([Number(left.REDIS_PID), Number(left.KAFKA_PID), Number(left.EDGE_PID)]),
  );

  const next = await start();
  expect(next.dev.output()).toContain(`[redis] ended pid ${left.REDIS_PID}, left over from an earlier run`);
  expect(folder.devEnv()).toMatchObject({ REDIS_URL, API_KEY });
  const again = new Redis(REDIS_URL);
  expect(await again.get("kept")).toBe("yes");
  again.disconnect();
  next.dev.child.kill("SIGINT");
  expect(await next.dev.ended).toBe(0);
  await nothingLeft();
});
