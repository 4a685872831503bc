import { statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "@spillway/backends/eventually";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createStackFolder, type Run, type StackFolder } from "./stack.ts";

/* The task of `turbo dev` as a process: one that keeps four services and three apps alive. */
let folder: StackFolder;
// Each starts everything, some twice; on two busy cores that is minutes.
vi.setConfig({ testTimeout: 300_000 });
beforeEach(() => {
  folder = createStackFolder();
});
afterEach(() => folder.discard());

const start = async (settings?: Readonly<Record<string, string>>): Promise<Run> => {
  const dev = folder.run("dev", settings);
  await eventually(
    "the block of addresses",
    () => {
      if (dev.child.exitCode !== null) throw new Error(dev.output());
      return dev.output().includes("Spillway runs.") && folder.devEnv();
    },
    200_000,
  );
  return dev;
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
  const dev = await start();
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
  expect(second.output()).toContain(before.API_KEY);
  expect(folder.devEnv()).toEqual(after);

  dev.child.kill("SIGTERM");
  expect(await dev.ended).toBe(0);
  await nothingLeft();
  expect(() => folder.devEnv()).toThrow("ENOENT");
});

test("a devstack that is killed -9 takes everything with it", async () => {
  const dev = await start();
  dev.child.kill("SIGKILL");
  await nothingLeft();
});

test("what is left when the watcher was killed too is found and ended by the next start, and its data is used", async () => {
  const dev = await start();
  const { REDIS_URL = "", API_KEY, ...left } = folder.devEnv();
  const redis = new Redis(REDIS_URL);
  await redis.set("kept", "yes");
  redis.disconnect();
  const all = folder.processes();
  const isWatcher = (command: string) => command.startsWith("/bin/sh -c");
  for (const { pid } of all.filter(({ command }) => isWatcher(command))) process.kill(pid, "SIGKILL");
  dev.child.kill("SIGKILL");
  await dev.ended;
  expect(folder.processes().map(({ pid }) => pid)).toEqual(
    expect.arrayContaining([Number(left.REDIS_PID), Number(left.KAFKA_PID), Number(left.EDGE_PID)]),
  );

  const next = await start();
  expect(next.output()).toContain(`[redis] ended pid ${left.REDIS_PID}, left over from an earlier run`);
  expect(folder.devEnv()).toMatchObject({ REDIS_URL, API_KEY });
  const again = new Redis(REDIS_URL);
  expect(await again.get("kept")).toBe("yes");
  again.disconnect();
  next.child.kill("SIGINT");
  expect(await next.ended).toBe(0);
  await nothingLeft();
});

test("a saved source is a reload and no death, the apps' logs are readable, and the addresses stand behind them", async () => {
  const dev = await start({ SPILLWAY_WATCH: "on", LOG_LEVEL: "info" });
  const said = dev.output();
  expect(said).toMatch(/^\[edge\] \d\d:\d\d:\d\d\.\d{3} info {2}config {2}/m);
  expect(said).not.toContain('"@timestamp"');
  expect(said.indexOf("Spillway runs.")).toBeGreaterThan(said.lastIndexOf("ready on"));
  const { DASHBOARD_PID } = folder.devEnv();
  const now = new Date();
  utimesSync(fileURLToPath(new URL("../../apps/dashboard/src/app.tsx", import.meta.url)), now, now);
  await eventually("the reload", () =>
    dev.output().includes("[dashboard] reloaded, apps/dashboard/src/app.tsx changed"),
  );
  await eventually("another dashboard", () => folder.devEnv().DASHBOARD_PID !== DASHBOARD_PID);
  await allHealthy();
  expect(dev.output()).not.toContain("died");
  dev.child.kill("SIGINT");
  expect(await dev.ended).toBe(0);
  await nothingLeft();
});
