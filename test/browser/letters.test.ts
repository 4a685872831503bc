import type { Running } from "@spillway/backends";
import { createDeadLetters } from "@spillway/dead-letters";
import { openDatabase } from "@spillway/postgres";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { startDashboard } from "../support/dashboard.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { auditOf } from "./audit.ts";
import { logIn, openBrowser } from "./operator.ts";

/* Dead letters as an operator works on them: hostile ones, by group, one by one and as jobs. */
const HOSTILE = "<script>document.title='owned'</script>\u202E\"'><img src=x onerror=document.title='owned'>=cmd()";
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;

const bytesOf = (id: string, data: string) =>
  new TextEncoder().encode(JSON.stringify({ specversion: "1.0", id, source: "/s", type: "t", data }));

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, {});
  dashboard = await startDashboard(services, pipeline);
  const database = openDatabase({ url: pipeline.addresses.databaseUrl });
  const hostile = { type: HOSTILE, detail: HOSTILE, partitionKey: HOSTILE, topic: pipeline.topic };
  const small = Array.from({ length: 30 }, (_, i) =>
    letterOf({ type: "order.paid", topic: pipeline.topic, bytes: bytesOf(`e-${i}`, "d") }),
  );
  await createDeadLetters({ database }).put([
    letterOf({ ...hostile, bytes: bytesOf("big", `12345678901234567890 ${HOSTILE}${"x".repeat(1_000_000)}`) }),
    letterOf({ ...hostile, bytes: Uint8Array.from({ length: 256 }, (_, i) => i) }),
    letterOf({
      deadLetterClass: "undecodable",
      type: null,
      topic: null,
      index: -1,
      identity: null,
      bytes: new Uint8Array(),
    }),
    ...small,
  ]);
  await database.close();
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

test("what waits is replayed and discarded by its group, without scripts, and everybody sees it", async () => {
  const { page } = await logIn(browser, dashboard, { javaScriptEnabled: false });
  await page.goto("/dead-letters");
  await page.getByRole("link", { name: /Replay 30 of .*order\.paid/ }).click();
  expect(await page.getByText(/Replay 30 of .* 30 will go\./).count()).toBe(1);
  await page.getByRole("button", { name: "Replay 30" }).click();
  const job = new URL(page.url()).pathname;
  expect(await page.getByRole("status").textContent()).toContain("was begun");
  // Without a script the page of a job asks again by itself.
  await page.getByText("30 arrived in Kafka, 0 died again.").waitFor({ timeout: 60_000 });
  const { page: other } = await logIn(browser, dashboard);
  await other.goto(job);
  expect(await other.getByText("30 arrived in Kafka, 0 died again.").count()).toBe(1);
  expect((await pipeline.read()).length).toBe(30);

  await page.goto("/dead-letters?class=undecodable&no=topic,type");
  await page.getByRole("link", { name: /^Discard/ }).click();
  await page.getByLabel("Reason").fill("no event is in it");
  await page.getByRole("button", { name: "Discard 1" }).click();
  const undo = page.getByRole("button", { name: /Undo/ });
  await undo.waitFor();
  await undo.click();
  await page.getByText("1 of 1 wait again.").waitFor();
  await page.goto("/dead-letters?class=undecodable&no=topic,type");
  expect(await page.getByRole("rowheader").count()).toBe(1);
  await page.goto("/audit");
  for (const deed of ["job.replay", "job.discard", "job.restore"]) expect(await page.getByText(deed).count()).toBe(1);
  await page.context().close();
  await other.context().close();
});

test("one letter is read, refused a discard without a reason, discarded and taken back", async () => {
  const { page, complaints } = await logIn(browser, dashboard);
  await page.goto("/dead-letters/1");
  expect(await page.locator("pre").first().textContent()).toContain("12345678901234567890");
  expect(await page.locator(".mark").first().textContent()).toBe("U+202E");
  await page.getByRole("link", { name: "hex" }).click();
  expect(await page.locator("pre").first().textContent()).toContain("000000  7b 22");
  await page.getByLabel("Reason").fill(" ");
  await page.getByRole("button", { name: "Discard letter 1" }).click();
  expect(await page.getByRole("alert").textContent()).toContain("A reason of 1 to 500 characters");
  await page.getByLabel("Reason").fill("too large");
  await page.getByRole("button", { name: "Discard letter 1" }).click();
  expect(await page.getByRole("status").textContent()).toContain("Letter 1 was discarded.");
  await page.getByRole("button", { name: /Take the discard/ }).click();
  expect(await page.getByRole("status").textContent()).toContain("Letter 1 was taken back.");
  expect(await page.title()).not.toContain("owned");
  expect(complaints.filter((text) => !text.includes("422"))).toEqual([]);
  await page.context().close();
});

test.each(["light", "dark"] as const)(
  "every page is small, whole on a phone, inert, and without a finding of axe-core, in %s",
  async (colorScheme) => {
    const paths = [
      "/dead-letters",
      "/dead-letters?status=any",
      "/dead-letters/1",
      "/dead-letters/2",
      "/dead-letters/3",
    ];
    const all = [...paths, "/jobs/new?kind=discard", "/jobs", "/jobs/1", "/audit"];
    const { page, complaints } = await logIn(browser, dashboard, {
      viewport: { width: 320, height: 700 },
      colorScheme,
    });
    for (const path of all) {
      const response = await page.goto(path);
      expect([path, response?.status()]).toEqual([path, 200]);
      expect((await response?.body())?.length, path).toBeLessThan(60_000);
      expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, 320]);
      expect([path, ...(await auditOf(page))]).toEqual([path]);
      expect(await page.title()).not.toContain("owned");
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  },
);
