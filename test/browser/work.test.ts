import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { logIn, openBrowser } from "./operator.ts";

/* Operators at work on many letters: with the keyboard, two at once, ten thousand, and while things break. */
const MANY = 10_000;
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;

/** Letters that can be replayed, as a relay has written them. */
const seed = (type: string, count: number) => pipeline.sql`
  insert into dead_letters (shard, entry, index, class, code, detail, topic, type, partition_key, dedup_key, replay, attempts,
    received_at, bytes, source, event_id)
  select i % 2, ${type}::text || i, 0, 'rejected', 'invalid_timestamp', 'refused', ${pipeline.topic}::text, ${type}::text, 'k' || i % 50,
    left(md5(${type}::text || i), 16), 0, 1, now(), convert_to(json_build_object('specversion', '1.0', 'id', ${type}::text || i,
      'source', '/work', 'type', ${type}::text, 'subject', 'k' || i % 50)::text, 'UTF8'), '/work', ${type}::text || i
  from generate_series(1, ${count}::int) as i`;

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, {});
  dashboard = await startDashboard(services, pipeline);
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

const waitingOf = async (type: string): Promise<number> => {
  const [row] = await pipeline.sql<{ count: number }[]>`
    select count(*)::int as count from dead_letters where type = ${type} and replayed_at is null and discarded_at is null`;
  return row?.count ?? Number.NaN;
};

test("letters are marked with the keyboard, stay so while another operator works, and are decided together", async () => {
  await seed("marked", 5);
  const { page, complaints } = await logIn(browser, dashboard);
  const { page: other } = await logIn(browser, dashboard);
  await page.goto("/dead-letters?type=marked");
  // The second and the third row.
  for (const key of ["j", "j", "x", "j", "x"]) await page.keyboard.press(key);
  const marked = page.locator("input[type=checkbox]:checked");
  const names = await marked.evaluateAll((boxes) =>
    boxes.map((box) => box.getAttribute("name")?.slice("letter-".length)),
  );
  expect(names.length).toBe(2);
  const first = await page.locator("[data-row]").first().getAttribute("id");
  await other.goto("/dead-letters?type=marked");
  await other.getByRole("button", { name: `Replay letter ${first?.slice("letter-".length)}` }).click();
  await other.getByText("was replayed.").waitFor();
  await page.locator(`#${first}`).waitFor({ state: "detached" });
  expect(await marked.count()).toBe(2);
  expect(await page.locator(".held").count()).toBe(2);
  await page.getByRole("button", { name: "Discard the marked letters" }).click();
  expect(await page.getByRole("alert").textContent()).toContain("A reason of 1 to 500 characters");
  await page.getByLabel("Reason").fill("marked by hand");
  await page.getByRole("button", { name: "Discard the marked letters" }).click();
  expect(await page.getByRole("status").textContent()).toBe("2 letters were discarded.");
  const rows = await pipeline.sql`select id from dead_letters where discard_reason = 'marked by hand' order by id`;
  expect(rows.map(({ id }) => id)).toEqual(names.toSorted());

  await page.goto("/dead-letters");
  await page.keyboard.press("/");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("q");
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/dead-letters\?class=rejected/);
  await page.keyboard.press("?");
  await page.waitForURL("/help");
  expect(complaints.filter((text) => !text.includes("422"))).toEqual([]);
  await page.context().close();
  await other.context().close();
});

test("what is copied is what was sent", async () => {
  await seed("copied", 1);
  const { page } = await logIn(browser, dashboard, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.goto("/dead-letters?type=copied");
  await page.locator("[data-row] a").first().click();
  const copied = async (name: string) => {
    await page.getByRole("button", { name }).click();
    await page.getByRole("button", { name }).getByText("Copied").waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  expect(await copied("Copy the id")).toBe("copied1");
  expect(await copied("Copy all its bytes as text")).toContain('"id" : "copied1"');
  await page.getByText("As curl").click();
  const command = await copied("Copy the command");
  expect(command).toContain('-H "authorization: Bearer $API_KEY"');
  expect(command).toContain(`--data-binary '{"specversion" : "1.0"`);
  await page.locator("time").first().hover();
  expect(await page.locator("time").first().getAttribute("title")).toMatch(/^\d{4}-\d\d-\d\d .* UTC · here /);
  await page.context().close();
});

test("ten thousand are replayed by a filter: a kill −9 in the middle, a cancel, and the rest, each once", async () => {
  await seed("many", MANY);
  const { page } = await logIn(browser, dashboard);
  const begin = async (count: string, rate: string) => {
    await page.goto("/dead-letters?type=many&status=waiting");
    await page.getByRole("link", { name: /^Replay all/ }).click();
    await page.getByLabel(/Letters a second/).fill(rate);
    await page.getByRole("button", { name: `Replay ${count}` }).click();
    await page.getByRole("heading", { name: /^Job \d+:/ }).waitFor();
  };
  await begin("10,000", "500");
  await eventually("some have gone", async () => (await waitingOf("many")) < MANY - 500);
  await dashboard.kill("SIGKILL");
  const atKill = await waitingOf("many");
  await dashboard.restart();
  await eventually("it goes on", async () => (await waitingOf("many")) < atKill);
  await page.reload();
  await page.getByRole("button", { name: /^Cancel job/ }).click();
  await page.getByText("cancelled: the rest was left as it is").waitFor();
  const left = await waitingOf("many");
  expect([left > 0, left < atKill]).toEqual([true, true]);
  await begin(left.toLocaleString("en"), "5000");
  await page.getByText(`${left.toLocaleString("en")} arrived in Kafka, 0 died again.`).waitFor({ timeout: 120_000 });
  expect(await waitingOf("many")).toBe(0);
  const read = (await pipeline.read()).map(({ value }) => String(JSON.parse(value?.toString() ?? "{}").id));
  const ids = read.filter((id) => id.startsWith("many"));
  expect([ids.length, new Set(ids).size]).toEqual([MANY, MANY]);
  await page.context().close();
});
