import type { Running } from "@spillway/backends";
import { createDeadLetters } from "@spillway/dead-letters";
import { createUsers, type Role } from "@spillway/operators";
import { openDatabase } from "@spillway/postgres";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { startDashboard } from "../support/dashboard.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { openBrowser } from "./operator.ts";

/* Who may do what, as several people meet it: a viewer, somebody whose role or session ends while she types, two at once on one letter. */
const PASSWORD = "a password of several words";
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;

const put = async (name: string, role: Role): Promise<void> => {
  const database = openDatabase({ url: pipeline.addresses.databaseUrl });
  await createUsers({ database }).put({ name, role }, await Bun.password.hash(PASSWORD));
  await database.close();
};

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, {});
  dashboard = await startDashboard(services, pipeline);
  const database = openDatabase({ url: pipeline.addresses.databaseUrl });
  await createDeadLetters({ database }).put([1, 2, 3, 4].map(() => letterOf({ topic: pipeline.topic })));
  await database.close();
  for (const [name, role] of [
    ["ann", "operator"],
    ["bob", "operator"],
    ["vic", "viewer"],
  ] as const)
    await put(name, role);
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

const enter = async (page: Page, name: string): Promise<void> => {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
};
const visit = async (name: string): Promise<Page> => {
  const page = await (await browser.newContext({ baseURL: dashboard.url })).newPage();
  await page.goto("/login");
  await enter(page, name);
  await page.getByText(`${name} (`).waitFor();
  return page;
};
const statusOf = async (letter: number): Promise<string> => {
  const [row] = await pipeline.sql<{ status: string }[]>`
    select case when replayed_at is not null then 'replayed' when discarded_at is not null then 'discarded' else 'waiting' end as status
    from dead_letters where id = ${letter}`;
  return row?.status ?? "gone";
};

test("a viewer sees all, is offered nothing, and is refused what she sends all the same", async () => {
  const page = await visit("vic");
  for (const path of [
    "/",
    "/dead-letters",
    "/dead-letters?status=any",
    "/dead-letters/1",
    "/jobs/new?kind=replay",
    "/jobs",
  ]) {
    await page.goto(path);
    expect([path, await page.locator("main form[method=post] :is(button, input:not([type=hidden]))").count()]).toEqual([
      path,
      0,
    ]);
    expect([path, await page.getByRole("link", { name: /^(Replay|Discard) \d/ }).count()]).toEqual([path, 0]);
  }
  await page.goto("/dead-letters/1");
  const token = await page.locator("[name=form_token]").first().getAttribute("value");
  // As by a form that she has made herself.
  await page.evaluate((form_token) => {
    document.body.insertAdjacentHTML(
      "beforeend",
      '<form method="post" action="/dead-letters/1/discard" id="own"></form>',
    );
    const own = document.querySelector<HTMLFormElement>("#own");
    for (const [name, value] of Object.entries({ form_token, reason: "hers" })) {
      const input = Object.assign(document.createElement("input"), { name, value: value ?? "" });
      own?.append(input);
    }
    own?.submit();
  }, token);
  await page.getByRole("alert").filter({ hasText: "vic may look, and change nothing: ask an operator." }).waitFor();
  expect(await page.getByRole("navigation", { name: "Pages" }).count()).toBe(1);
  expect(await statusOf(1)).toBe("waiting");
  expect([...(await pipeline.sql`select from audit`)]).toEqual([]);
  await page.context().close();
});

test("whose role is taken away while she types keeps the page and what was typed", async () => {
  const page = await visit("ann");
  await page.goto("/dead-letters/1");
  await page.getByLabel("Reason").fill("typed before");
  await put("ann", "viewer");
  // Else it counts within five seconds.
  await dashboard.kill("SIGKILL");
  await dashboard.restart();
  await page.getByRole("button", { name: "Discard letter 1" }).click();
  await page.locator("#told").filter({ hasText: "ann may look, and change nothing" }).waitFor();
  expect(await statusOf(1)).toBe("waiting");
  expect(await page.getByLabel("Reason").inputValue()).toBe("typed before");
  expect(new URL(page.url()).pathname).toBe("/dead-letters/1");
  await put("ann", "operator");
  await page.context().close();
});

test("whose session is over while she types logs in, and sends it again", async () => {
  const page = await visit("ann");
  await page.goto("/dead-letters/2");
  await page.getByLabel("Reason").fill("typed before it was over");
  await pipeline.sql`update sessions set ends_at = now() where user_name = 'ann'`;
  await dashboard.kill("SIGKILL");
  await dashboard.restart();
  await page.getByRole("button", { name: "Discard letter 2" }).click();
  await page.getByRole("alert").filter({ hasText: "the session is over" }).waitFor();
  await enter(page, "ann");
  await page.getByRole("button", { name: "Send it again" }).click();
  await page.getByText("Letter 2 was discarded.").waitFor();
  const [row] = await pipeline.sql<{ discard_reason: string }[]>`select discard_reason from dead_letters where id = 2`;
  expect(row?.discard_reason).toBe("typed before it was over");
  await page.context().close();
});

test("of two operators at one letter the second is told what the first has done", async () => {
  const [ann, bob] = await Promise.all([visit("ann"), visit("bob")]);
  for (const page of [ann, bob]) await page.goto("/dead-letters/3");
  await bob.getByLabel("Reason").fill("of bob");
  await ann.getByLabel("Reason").fill("of ann");
  await ann.getByRole("button", { name: "Discard letter 3" }).click();
  await ann.getByText("Letter 3 was discarded.").waitFor();
  await bob.getByRole("button", { name: "Discard letter 3" }).click();
  await bob.getByText(/Letter 3 was discarded once, by ann at .* UTC, and not again\./).waitFor();
  const deeds = await pipeline.sql`select actor, reason, result from audit where subject = 'letter 3' order by id`;
  expect(deeds.map(({ actor, reason }) => [actor, reason])).toEqual([
    ["ann", "of ann"],
    ["bob", "of bob"],
  ]);
  for (const page of [ann, bob]) await page.context().close();
});
