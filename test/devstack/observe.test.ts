import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@spillway/backends/eventually";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createStackFolder, type Run, type StackFolder } from "./stack.ts";

/* What `npm run observe` runs, beside the real stack. */
const PATIENCE_MS = 240_000;
const METRICS_TOKEN = "token-of-the-metrics";
let folder: StackFolder;
vi.setConfig({ testTimeout: 500_000 });
beforeEach(() => {
  folder = createStackFolder();
});
afterEach(() => folder.discard());

const printed = (run: Run, text: string) =>
  eventually(
    text,
    () => {
      if (run.child.exitCode !== null) throw new Error(run.output());
      return run.output().includes(text);
    },
    PATIENCE_MS,
  );

const addressOf = (run: Run, name: string): string =>
  new RegExp(`^  ${name} +(http://127\\.0\\.0\\.1:\\d+)`, "m").exec(run.output())?.[1] ?? "";

const ask = async (url: string) => (await fetch(url)).json();

/** Says what it was started with, as the program would be, and that it is well. */
const GRAFANA = `#!${process.execPath}
Bun.serve({
  hostname: Bun.env.GF_SERVER_HTTP_ADDR,
  port: Bun.env.GF_SERVER_HTTP_PORT,
  fetch: () => Response.json({ args: Bun.argv.slice(2), env: Bun.env }),
});
`;

test("waits for the stack, asks all of it by its token, has every rule, and leaves nothing", async () => {
  const bin = join(folder.path, "bin-of-grafana");
  writeFileSync(bin, GRAFANA);
  chmodSync(bin, 0o755);
  const observing = folder.run("observe", { GRAFANA_BIN: bin });
  await printed(observing, "npm start");
  // It posts nothing by itself: on a busy machine the first events of `npm start` may be refused, which is not for here.
  const stack = folder.run("dev", { METRICS_TOKEN });
  await printed(observing, "Spillway is watched");

  const prometheus = addressOf(observing, "Prometheus");
  type Target = { readonly health: string; readonly lastError: string; readonly scrapeUrl: string };
  const targets = async (): Promise<readonly Target[]> =>
    (await ask(`${prometheus}/api/v1/targets`)).data.activeTargets;
  await eventually("three targets that are up", async () => {
    const found = await targets();
    if (found.length === 3 && found.every(({ health }) => health === "up")) return true;
    throw new Error(JSON.stringify(found));
  });
  const { EDGE_URL, RELAY_URL, DASHBOARD_URL } = folder.devEnv();
  const scraped = (await targets()).map(({ scrapeUrl }) => scrapeUrl).toSorted();
  expect(scraped).toEqual([EDGE_URL, RELAY_URL, DASHBOARD_URL].map((url) => `${url}/metrics`).toSorted());
  expect((await fetch(`${EDGE_URL}/metrics`)).status).toBe(401);

  type Rule = { readonly name: string; readonly health: string; readonly lastError?: string };
  const rules = async (): Promise<readonly Rule[]> => {
    const { groups } = (await ask(`${prometheus}/api/v1/rules`)).data;
    return groups.flatMap((group: { rules: readonly Rule[] }) => group.rules);
  };
  await eventually("each rule evaluated", async () => {
    const found = await rules();
    if (found.length > 0 && found.every(({ health }) => health === "ok")) return true;
    throw new Error(JSON.stringify(found.filter(({ health }) => health !== "ok")));
  });
  const file = Bun.YAML.parse(await Bun.file("libs/telemetry/alerts/spillway.rules.yml").text()) as {
    groups: { rules: { alert?: string; record?: string }[] }[];
  };
  const written = file.groups.flatMap((group) => group.rules.map(({ alert, record }) => alert ?? record));
  expect((await rules()).map(({ name }) => name).toSorted()).toEqual(written.toSorted());

  const managers = (await ask(`${prometheus}/api/v1/alertmanagers`)).data.activeAlertmanagers;
  expect(managers.map(({ url }: { url: string }) => new URL(url).origin)).toEqual([
    addressOf(observing, "Alertmanager"),
  ]);

  const grafana = await ask(addressOf(observing, "Grafana"));
  expect(grafana.args[0]).toBe("server");
  expect(grafana.env).toMatchObject({ PROMETHEUS_URL: prometheus, GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer" });
  expect(grafana.env.GF_PATHS_PROVISIONING).toMatch(/libs\/telemetry\/grafana\/provisioning$/);
  expect(grafana.env.SPILLWAY_DASHBOARDS).toMatch(/libs\/telemetry\/grafana\/dashboards$/);

  const second = folder.run("observe");
  expect(await second.ended).not.toBe(0);
  expect(second.output()).toContain("another npm run observe");

  observing.child.kill("SIGINT");
  expect(await observing.ended).toBe(0);
  expect((await fetch(`${EDGE_URL}/livez`)).status).toBe(200);
  const observers = () => folder.processes().filter(({ command }) => /prometheus|alertmanager|grafana/.test(command));
  await eventually("no process of it to be left", () => observers().length === 0);
  stack.child.kill("SIGINT");
  expect(await stack.ended).toBe(0);
  await eventually("no process to be left", () => folder.processes().length === 0);
});

test("one that only waits ends at once", async () => {
  const waiting = folder.run("observe");
  await printed(waiting, "npm start");
  waiting.child.kill("SIGINT");
  expect(await waiting.ended).toBe(0);
  expect(folder.processes()).toEqual([]);
});
