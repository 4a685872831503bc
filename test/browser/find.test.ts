import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { API_KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { auditOf } from "./audit.ts";
import { logIn, openBrowser } from "./operator.ts";

/* From any page to one event or one letter: what an operator has in hand is an id. */
const LIMIT = 20_000;
const key = API_KEY.split(":")[0] ?? "";
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, { topicSettings: { "max.message.bytes": String(LIMIT) } });
  dashboard = await startDashboard(services, pipeline, { KAFKA_BROKERS: pipeline.addresses.brokers.join() });
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

const post = (id: string, data: unknown = null) =>
  pipeline.post(JSON.stringify({ type: "order.created", id, source: "/s", subject: "c-1", data }));

test("a letter is found by its event's id and by its number, with its size beside the topic's limit and its headers", async () => {
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString("base64");
  await post("too-large", noise);
  await eventually("it is dead", async () => (await pipeline.sql`select from dead_letters`).length === 1);
  const { page, complaints } = await logIn(browser, dashboard, { javaScriptEnabled: false });
  const find = async (text: string) => {
    await page.getByRole("searchbox", { name: /^Find an event/ }).fill(text);
    await page.getByRole("button", { name: "Find", exact: true }).first().click();
  };
  await page.goto("/lag");
  await find("too-large");
  expect(new URL(page.url()).pathname).toBe("/events/too-large");
  expect(await page.locator("main").textContent()).toMatch(/too-large from \/s, known by its newest dead letter/);
  await page.goto("/audit");
  await find("1");
  expect(new URL(page.url()).pathname).toBe("/dead-letters/1");
  // Until Kafka has said it the page says that it is unknown.
  const facts = await eventually("the limit is known", async () => {
    await page.reload();
    const text = await page.locator(".facts").textContent();
    return text?.includes("takes 20,000") && text;
  });
  expect(facts).toMatch(/Size4\d,\d{3} bytes \(\d+\.\d KiB\)\. .* takes 20,000 bytes \(19\.5 KiB\) at most/);
  const main = await page.locator("main").textContent();
  expect(main).toContain("it is likely to be refused again");
  const rows = page.getByRole("table", { name: /headers of its record/ }).getByRole("row");
  const entry = (await rows.filter({ hasText: "spillway-entry" }).textContent()) ?? "";
  const [letter] = await pipeline.sql<{ place: string; identity: string }[]>`
    select shard || '/' || entry || '/' || index as place, dedup_key as identity from dead_letters`;
  expect(entry).toContain(letter?.place);
  await page.getByRole("link", { name: "What became of the event" }).click();
  expect(new URL(page.url()).pathname).toBe(`/events/${letter?.identity}`);
  expect(await page.locator("main").textContent()).toMatch(/It died of message_too_large/);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("the slash leads to the search on each page, and f to the filter", async () => {
  const { page, complaints } = await logIn(browser, dashboard);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-key") ?? null);
  for (const path of [
    "/",
    "/lag",
    "/events",
    "/dead-letters",
    "/dead-letters/1",
    "/jobs",
    "/pipeline",
    "/audit",
    "/help",
  ]) {
    await page.goto(path);
    await page.keyboard.press("/");
    expect([path, await focused()]).toEqual([path, "/"]);
  }
  await page.goto("/dead-letters/1");
  expect(await auditOf(page)).toEqual([]);
  await page.goto("/dead-letters?status=any");
  await page.keyboard.press("f");
  expect(await focused()).toBe("f");
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press("/");
  await page.keyboard.type("too-large");
  await page.keyboard.press("Enter");
  await page.waitForURL("/events/too-large");
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("how many are ahead of an event that waits, in Redis and in Postgres", async () => {
  const ids = Array.from({ length: 5 }, () => crypto.randomUUID());
  await pipeline.relays[0]?.kill("SIGSTOP");
  for (const id of ids) expect((await post(id)).status).toBe(202);
  const { page, complaints } = await logIn(browser, dashboard, { viewport: { width: 320, height: 700 } });
  await page.goto(`/events/${ids[3]}?key=${encodeURIComponent(key)}&source=/s`);
  await page.getByText(/It waits in Redis/).waitFor();
  expect(await page.locator("main").textContent()).toContain("Ahead of it in its shard3 events");
  expect(await auditOf(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  await services.redis.kill("SIGSTOP");
  const late = Array.from({ length: 3 }, () => crypto.randomUUID());
  for (const id of late) expect((await post(id)).status).toBe(202);
  await services.redis.kill("SIGCONT");
  await eventually("it is known where it waits", async () => {
    await page.goto(`/events/${late[2]}?key=${encodeURIComponent(key)}&source=/s`);
    return (await page.locator("main").textContent())?.includes("in Postgres, to enter Redis") ?? false;
  });
  expect(await page.locator("main").textContent()).toContain("behind what is in Redis2 events");
  expect(complaints).toEqual([]);
  await pipeline.relays[0]?.kill("SIGCONT");
  await page.context().close();
});
