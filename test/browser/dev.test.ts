import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { renderDevEnv } from "@spillway/devstack/dev-env";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { auditOf } from "./audit.ts";
import { logIn, openBrowser } from "./operator.ts";

/* /dev breaks and mends the processes that a devstack's file names, and nobody else's. */
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), "spillway-dev-"));

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, {});
  const DEV_ENV_FILE = join(folder, "dev.env");
  const settings = { API_KEY: KEY, EDGE_URL: pipeline.edges[0]?.url ?? "", KAFKA_TOPIC: pipeline.topic };
  const pids = { redis: { pid: services.redis.pid() ?? 0 } };
  writeFileSync(DEV_ENV_FILE, renderDevEnv(settings as Parameters<typeof renderDevEnv>[0], pids));
  dashboard = await startDashboard(services, pipeline, { DEV_ENV_FILE });
});
afterAll(async () => {
  await services?.redis.kill("SIGCONT");
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
  await rm(folder, { recursive: true });
});

test("events are sent, letters of each class are seeded, and Redis is frozen, named as broken, and mended", async () => {
  const { page, complaints } = await logIn(browser, dashboard);
  await page.getByRole("link", { name: "Dev", exact: true }).click();
  expect(await auditOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Send events to the edge" }).click();
  expect(await page.getByRole("status").textContent()).toBe("The edge answered 202 to 100 events.");
  await eventually("all are in Kafka", async () => (await pipeline.read()).length === 100);
  for (const name of ["oversize", "rejected", "poison", "undecodable"]) {
    await page.getByLabel("Class").selectOption(name);
    await page.getByRole("button", { name: "Seed dead letters" }).click();
    expect(await page.getByRole("status").textContent()).toBe(`10 dead letters of the class ${name} wait.`);
  }
  await page.getByRole("button", { name: "Freeze redis" }).click();
  await page.locator("#process-redis").getByText("frozen").waitFor();
  await page.goto("/");
  await page
    .locator("#live")
    .getByText(/Redis does not answer/)
    .first()
    .waitFor();
  await page.goto("/dev");
  await page.getByRole("button", { name: "Let redis go on" }).click();
  await page.locator("#process-redis").getByText("running").waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});
