import type { Running } from "@spillway/backends";
import { createDeadLetters } from "@spillway/dead-letters";
import { openDatabase } from "@spillway/postgres";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { startDashboard } from "../support/dashboard.ts";
import { signalAll } from "../support/frozen.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { type Action, type ActionName, actionsOn } from "./actions.ts";
import { logIn, openBrowser } from "./operator.ts";

/*
 * Actions while Postgres does not answer: the page and what was typed stay, a sentence says what is known, and once all is well again each is done
 * once.
 */
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;
/** The newest letter: each test has its own. */
let letter: string;
let runs = 0;
let type: string;

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

/** Three letters. */
beforeEach(async () => {
  type = `stuck.${++runs}`;
  const database = openDatabase({ url: pipeline.addresses.databaseUrl });
  const bytesOf = (n: number) =>
    new TextEncoder().encode(JSON.stringify({ specversion: "1.0", id: `${type}-${n}`, source: "/s", type }));
  const identityOf = (n: number) => `${runs * 10 + n}`.padStart(16, "0");
  const letters = [1, 2, 3].map((n) =>
    letterOf({ type, topic: pipeline.topic, identity: identityOf(n), bytes: bytesOf(n) }),
  );
  await createDeadLetters({ database }).put(letters);
  await database.close();
  const [row] = await pipeline.sql<{ id: string }[]>`select max(id)::text as id from dead_letters`;
  letter = row?.id ?? "";
});

const actionOf = (name: ActionName): Action => actionsOn(pipeline, { letter, type })[name];

const told = (page: Page) => page.locator("#told:not([hidden])");
const TYPED = "typed before it hung";

/** Fills in, and presses. */
const begin = async (page: Page, { open, field, button }: Action) => {
  await open(page);
  if (field !== undefined) await page.getByLabel(field, { exact: false }).first().fill(TYPED);
  return async () => page.getByRole("button", { name: button }).click();
};

const isStillThere = async (page: Page, { field, button }: Action, address: string): Promise<void> => {
  expect(page.url()).toBe(address);
  expect(await page.getByRole("navigation", { name: "Pages" }).count()).toBe(1);
  expect(await page.getByRole("button", { name: button }).count()).toBe(1);
  if (field !== undefined) expect(await page.getByLabel(field, { exact: false }).first().inputValue()).toBe(TYPED);
};

const said = (page: Page, text: RegExp) =>
  page.getByRole("status").filter({ hasText: text }).waitFor({ timeout: 60_000 });

afterEach(async () => {
  await signalAll(services.postgres, "SIGCONT");
});

/** Until the open page has seen that it answers. */
const thaw = async (page: Page): Promise<void> => {
  await signalAll(services.postgres, "SIGCONT");
  const said = page.locator("#said").filter({ hasNotText: /Postgres does not answer/ });
  await said.waitFor({ state: "attached" });
};

test.each(["a replay", "a discard", "a job"] as const)(
  "%s while Postgres is frozen is not done, says so, and is done once when it is sent again",
  async (name) => {
    const action = actionOf(name);
    const { page, complaints } = await logIn(browser, dashboard);
    const press = await begin(page, action);
    const address = page.url();
    await signalAll(services.postgres, "SIGSTOP");
    await press();
    await told(page)
      .filter({ hasText: /Postgres did not answer .*so nothing was done/ })
      .waitFor();
    await isStillThere(page, action, address);
    await thaw(page);
    expect(await action.count()).toBe(0);
    await press();
    await said(page, action.done);
    expect(await action.count()).toBe(1);
    expect(complaints.filter((text) => !text.includes("status of 503"))).toEqual([]);
    await page.context().close();
  },
);
