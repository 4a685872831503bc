import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { auditOf } from "./audit.ts";
import { logIn, openBrowser } from "./operator.ts";

/* The pages as they are read and worked on, with hostile events in them. */
const PATHS = ["/", "/lag", "/dead-letters", "/pipeline", "/help", "/nothing"];
const HOSTILE = "<script>document.title='owned'</script>\u202E\"'><img src=x onerror=document.title='owned'>";
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, { topicSettings: { "max.message.bytes": "20000" } });
  dashboard = await startDashboard(services, pipeline);
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString("base64");
  await pipeline.post(JSON.stringify({ type: HOSTILE, subject: HOSTILE, data: noise }));
  await eventually("a dead letter", async () => (await pipeline.sql`select id from dead_letters`).length === 1);
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

test("every page is small, whole on a phone, inert, and without a finding of axe-core, in light and dark", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, complaints } = await logIn(browser, dashboard, {
      viewport: { width: 320, height: 700 },
      colorScheme,
    });
    for (const path of PATHS) {
      const response = await page.goto(path);
      expect((await response?.body())?.length, path).toBeLessThan(60_000);
      expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, 320]);
      expect([path, ...(await auditOf(page))]).toEqual([path]);
      expect(await page.title()).toContain("· Spillway");
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  }
});

test("what somebody works on stays while the page goes on", async () => {
  const { page, complaints } = await logIn(browser, dashboard);
  const looked = async (times: number) => {
    for (let i = 0; i < times; i++) {
      const before = await page.locator("#as-of").textContent();
      await page.waitForFunction((text) => document.getElementById("as-of")?.textContent !== text, before);
    }
  };
  await page.evaluate(() => {
    const selection = getSelection();
    const caption = document.querySelector(".figure dt");
    if (caption !== null) selection?.selectAllChildren(caption);
  });
  const selected = await page.evaluate(() => String(getSelection()));
  expect(selected).toContain("accepted");
  await page.evaluate(() => document.querySelector("#live")?.setAttribute("data-same", "yes"));
  await page.getByRole("link", { name: "Redis" }).focus();
  await looked(2);
  expect(await page.evaluate(() => String(getSelection()))).toBe(selected);
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Redis");

  await page.getByRole("button", { name: "Pause" }).click();
  expect(await page.locator("#live-state").textContent()).toContain("paused");
  await page.getByRole("button", { name: "Go on" }).click();
  await looked(1);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("all of it is there without scripts", async () => {
  const { page } = await logIn(browser, dashboard, { javaScriptEnabled: false });
  for (const path of PATHS) {
    await page.goto(path);
    expect(await page.locator("#live-state").textContent()).toBe("as of");
    expect(await page.getByRole("navigation").getByRole("link").count()).toBeGreaterThan(2);
  }
  await page.context().close();
});
