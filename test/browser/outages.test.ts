import { askRedis, type Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { signalAll } from "../support/frozen.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { auditOf } from "./audit.ts";
import { logIn, type Operator, openBrowser } from "./operator.ts";

/*
 * What an operator sees in an outage, on one page that is never loaded again: it is named with its since-when, and as over
 * afterwards, and nothing is well meanwhile.
 */
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;
let operator: Operator;

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, {
    edgeEnv: { BACKLOG_EVENTS_MAX: "30", OUTBOX_EVENTS_MAX: "30" },
    relayEnv: { KAFKA_TOPIC_ROUTES: "bad.=no-such-topic" },
  });
  dashboard = await startDashboard(services, pipeline);
  operator = await logIn(browser, dashboard);
  operator.page.on("request", (request) => {
    if (request.method() === "GET" && new URL(request.url()).pathname === "/") refreshes++;
  });
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

const WELL = /All events are in Kafka or accounted for/;
const verdict = () => operator.page.getByRole("list", { name: "Verdict" });
const over = () => operator.page.locator(".over");
/** Names what stands there instead where it does not come. */
const shown = (within: Locator, text: RegExp): Promise<void> =>
  within
    .filter({ hasText: text })
    .waitFor({ timeout: 60_000 })
    .catch(async (error: unknown) => {
      throw new Error(`${text} did not come; there is: ${await verdict().textContent()}`, { cause: error });
    });
const post = (events: readonly object[]) => pipeline.post(JSON.stringify(events), undefined, "/v1/batch");

/** An open page asks two seconds after it asked last, at the earliest: in five seconds so often. */
const REFRESHES_MAX = 3;
/** How often the open page has asked for itself. */
let refreshes = 0;

/** `at`: what `refreshes` was when it went wrong. */
const isNamed = async (named: RegExp, at = refreshes): Promise<void> => {
  const fromMs = performance.now();
  await shown(verdict(), named);
  console.log(`${named} after ${refreshes - at} refreshes, ${((performance.now() - fromMs) / 1_000).toFixed(1)} s`);
  expect(refreshes - at).toBeLessThanOrEqual(REFRESHES_MAX);
  expect(await operator.page.title()).toMatch(/^[■▲] /);
  expect(await verdict().textContent()).toMatch(/since \d\d:\d\d:\d\d \(/);
  expect(await verdict().textContent()).not.toMatch(WELL);
  expect(await auditOf(operator.page)).toEqual([]);
};

const isOver = async (named: RegExp): Promise<void> => {
  await shown(over(), named);
  await shown(verdict(), WELL);
};

test.each([
  ["Kafka", () => services.kafka, /Kafka 127\.0\.0\.1:\d+ does not answer/],
  ["Redis", () => services.redis, /Redis does not answer/],
  ["Postgres", () => services.postgres, /Postgres does not answer/],
] as const)("a frozen %s", async (_name, backend, named) => {
  await shown(verdict(), WELL);
  await signalAll(backend(), "SIGSTOP");
  await Promise.all([post([{ type: "order.created" }]), isNamed(named)]);
  await signalAll(backend(), "SIGCONT");
  await isOver(named);
  expect(await over().textContent()).toMatch(/\d\d:\d\d:\d\d to \d\d:\d\d:\d\d \(.+\)/);
});

test("a topic that is missing", async () => {
  const named = /Topic no-such-topic .*it does not exist/;
  await post([{ type: "bad.thing" }]);
  await isNamed(named);
  await services.kafka.createTopics([{ name: "no-such-topic", partitions: 1 }]);
  await isOver(named);
});

test("an edge that is gone, and since when, over a restart of the dashboard", async () => {
  const named = /The edge at .* does not answer/;
  const since = async () => /since (\d\d:\d\d:\d\d)/.exec((await verdict().textContent()) ?? "")?.[1];
  await pipeline.edges[0]?.kill("SIGKILL");
  await isNamed(named);
  const told = await since();
  await eventually("it is kept", async () => {
    const kept = await pipeline.sql`select from standing_troubles where key like 'edge %'`;
    return kept.length === 1;
  });
  await dashboard.kill("SIGKILL");
  await dashboard.restart();
  await operator.open("/");
  await shown(verdict(), named);
  await eventually("what was kept is read", async () => (await since()) === told);
  await pipeline.edges[0]?.restart();
  await isOver(named);
});

test("an edge that refuses, until it has room again", async () => {
  const events = Array.from({ length: 100 }, (_, n) => ({ type: "order.created", subject: `c-${n}` }));
  await services.kafka.kill("SIGSTOP");
  let refused = 0;
  for (let tries = 0; refused === 0 && tries < 100; tries++) if ((await post(events)).status === 429) refused++;
  expect(refused).toBe(1);
  await isNamed(/request.* refused \(429: Redis and Postgres are full\)/);
  await services.kafka.kill("SIGCONT");
  // A run of refusals is over a minute after the last, or with the process.
  await pipeline.edges[0]?.restart();
  await isOver(/refused \(429/);
});

const figure = (name: RegExp) => operator.page.locator(".figure").filter({ hasText: name }).locator("dd");
const flush = () => askRedis(services.redis.url, (redis) => redis.flushall());

test("a flush of Redis that lost nothing is not called a loss", async () => {
  await shown(verdict(), WELL);
  await flush();
  await post([{ type: "order.created" }]);
  await shown(figure(/^accepted/), /^1$/);
  await shown(verdict(), WELL);
  expect(await figure(/^unaccounted/).textContent()).toBe("0");
  expect(await over().textContent()).not.toContain("nobody knows where");
});

test("a flush that lost events says how many, until somebody acknowledges it", async () => {
  const loss = /4 events were accepted, and nobody knows where they are/;
  // After the flush before they went by Postgres for a while, where they would be safe.
  const single = JSON.stringify({ type: "order.created" });
  await eventually("events go to Redis", async () =>
    (await (await pipeline.post(single)).text()).includes('"tier":"stream"'),
  );
  await shown(verdict(), WELL);
  // One that is frozen has them on its socket already, and one that is killed has not told the end of all before.
  await pipeline.relays[0]?.kill("SIGTERM");
  expect((await post([1, 2, 3, 4].map((n) => ({ type: "order.created", subject: `c-${n}` })))).status).toBe(202);
  await flush();
  await pipeline.relays[0]?.restart();
  await isNamed(loss);
  await operator.page.getByRole("button", { name: /^Acknowledge.*4 events/ }).click();
  await operator.page.getByText("4 lost events acknowledged.").waitFor();
  await isOver(loss);
  // While the dashboard was gone.
  expect(operator.complaints.filter((text) => !text.includes("net::ERR_"))).toEqual([]);
});

test("a dashboard that does not answer is said to be silent, on the page that is open", async () => {
  const state = operator.page.locator("#live-state");
  await shown(state, /^live/);
  await dashboard.kill("SIGSTOP");
  await shown(state, /^no answer since \d\d:\d\d:\d\d UTC/);
  await dashboard.kill("SIGCONT");
  await shown(state, /^live/);
});
