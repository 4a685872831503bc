import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { createDeadLetters } from "@spillway/dead-letters";
import { createUsers } from "@spillway/operators";
import { openDatabase } from "@spillway/postgres";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { startDashboard } from "../support/dashboard.ts";
import { signalAll } from "../support/frozen.ts";
import { type FaultProxy, startProxy } from "../support/proxy.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { type Action, type ActionName, actionNames, actionsOn, countOf, onLetters } from "./actions.ts";
import { logIn, openBrowser } from "./operator.ts";

/*
 * Actions while a backend or the dashboard itself does not answer: the page and what was typed stay, a sentence says what is known, and once all is
 * well again each was done once, or not at all, and the page says which.
 */
let services: Services;
let pipeline: Pipeline;
let proxy: FaultProxy;
let dashboard: Running;
let browser: Browser;
/** The newest letter: each test has its own. */
let letter: string;
let runs = 0;
let type: string;

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, {});
  proxy = await startProxy(services.postgres);
  const url = new URL(pipeline.addresses.databaseUrl);
  url.port = String(proxy.port);
  dashboard = await startDashboard(services, pipeline, { DATABASE_URL: url.href });
  const database = openDatabase({ url: pipeline.addresses.databaseUrl });
  await createUsers({ database }).put({ name: "ann", role: "operator" }, await Bun.password.hash("password of ann"));
  await database.close();
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await proxy?.close();
  await pipeline?.stop();
  await services?.stop();
});

/** Three letters, and a loss. */
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
  // What the relay goes by, which writes the sum with each copy of the counters.
  await pipeline.sql`update shard_checkpoints set unaccounted = 4, folded = 4 where shard = 0`;
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
  proxy.set({ kind: "pass" });
  for (const backend of [services.postgres, services.redis]) await signalAll(backend, "SIGCONT");
});

/** Until the open page has seen that it answers. */
const thaw = async (page: Page): Promise<void> => {
  await signalAll(services.postgres, "SIGCONT");
  const said = page.locator("#said").filter({ hasNotText: /Postgres does not answer/ });
  await said.waitFor({ state: "attached" });
};

test.each(onLetters)(
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

const waitingFor = (statement: string) =>
  countOf(pipeline.sql`
    select count(*)::int from pg_stat_activity where wait_event_type = 'Lock' and query like ${`%${statement}%`}`);

/** While the action is written in the audit, and waits for its table. `meanwhile` runs before it goes on. */
const held = async (name: ActionName, press: () => Promise<void>, meanwhile: () => Promise<unknown>): Promise<void> => {
  const { table, statement } = actionOf(name);
  await pipeline.sql.begin(async (sql) => {
    // Others read it, and nobody writes.
    await sql`lock table ${sql(table)} in share mode`;
    await press();
    await eventually("it waits", async () => (await waitingFor(statement)) > 0);
    await meanwhile();
  });
};

test.each(actionNames)(
  "%s during which the dashboard is killed is done once, or not at all, and the page says which",
  async (name) => {
    const action = actionOf(name);
    const { page } = await logIn(browser, dashboard);
    const press = await begin(page, action);
    const address = page.url();
    await held(name, press, () => dashboard.kill("SIGKILL"));
    await told(page)
      .filter({ hasText: /The dashboard did not answer/ })
      .waitFor();
    await isStillThere(page, action, address);
    await dashboard.restart();
    await eventually("its statement is over", async () => (await waitingFor(action.statement)) === 0);
    const isDone = (await action.count()) === 1;
    await press();
    await said(page, isDone ? action.doneBefore : action.done);
    expect(await action.count()).toBe(1);
    await page.context().close();
  },
);

test.each(actionNames)("%s while Redis is frozen is done at once, and says so", async (name) => {
  const action = actionOf(name);
  const { page } = await logIn(browser, dashboard);
  const press = await begin(page, action);
  await signalAll(services.redis, "SIGSTOP");
  await press();
  await said(page, action.done);
  expect(await action.count()).toBe(1);
  await signalAll(services.redis, "SIGCONT");
  await page.context().close();
});

test("each event of all that was replayed here is in Kafka once", async () => {
  const waiting = async () =>
    countOf(pipeline.sql`select count(*)::int from dead_letter_jobs where state in ('running', 'arriving')`);
  await eventually("no job runs", async () => (await waiting()) === 0);
  const [row] = await pipeline.sql<{ replayed: number }[]>`
    select count(*)::int as replayed from dead_letters where replayed_at is not null`;
  const ids = await eventually("all are there", async () => {
    const found = (await pipeline.read()).map(({ value }) => String(JSON.parse(value.toString()).id));
    return found.length >= (row?.replayed ?? 0) && found;
  });
  expect(ids.length).toBeGreaterThan(6);
  expect([ids.length, new Set(ids).size]).toEqual([row?.replayed, row?.replayed]);
});

test("without scripts a frozen Postgres leaves a page with what was typed, to be sent again", async () => {
  const { page } = await logIn(browser, dashboard, { javaScriptEnabled: false });
  const action = actionOf("a discard");
  const press = await begin(page, action);
  await signalAll(services.postgres, "SIGSTOP");
  await press();
  expect(await page.getByRole("alert").textContent()).toMatch(/so nothing was done/);
  expect(await page.getByLabel("reason").inputValue()).toBe(TYPED);
  expect(await page.getByRole("link", { name: "Look at it again" }).getAttribute("href")).toBe(
    `/dead-letters/${letter}`,
  );
  await signalAll(services.postgres, "SIGCONT");
  await page.getByRole("button", { name: "Send it again" }).click();
  await said(page, action.done);
  expect(await action.count()).toBe(1);
  await page.context().close();
});
