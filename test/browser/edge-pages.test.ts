import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { auditOf } from "./audit.ts";
import { openBrowser } from "./operator.ts";

/* The edge's own pages, as a client's developer opens them. */
let services: Services;
let pipeline: Pipeline;
let browser: Browser;

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, { relays: 0 });
});
afterAll(async () => {
  await browser?.close();
  await pipeline?.stop();
  await services?.stop();
});

test("are whole on a phone, say this edge's address, and have no finding of axe-core, in light and dark", async () => {
  const origin = new URL(pipeline.edges[0]?.url ?? "").origin;
  for (const [colorScheme, width] of [
    ["light", 390],
    ["dark", 320],
  ] as const) {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, baseURL: origin });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
    for (const path of ["/", "/docs"]) {
      await page.goto(path);
      expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, width]);
      expect(await page.locator("pre").first().textContent()).toContain(`curl -i ${origin}/v1/events`);
      expect([path, ...(await auditOf(page))]).toEqual([path]);
    }
    expect(complaints.filter((text) => !text.includes("status of 404"))).toEqual([]);
    await context.close();
  }
});
