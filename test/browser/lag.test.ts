import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { systemClock } from "@spillway/event";
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { signalAll } from "../support/frozen.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { logIn, type Operator, openBrowser } from "./operator.ts";
import { plotsOf, untruthsOf } from "./plots.ts";

/* What the overview and /lag say in numbers while events flow, while Kafka stops and returns, and once all is quiet. */
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;
let overview: Operator;
let lag: Operator;
let sending: ReturnType<typeof send>;

/** Posts on until it is stopped; answers how many were accepted. */
const send = () => {
  let isOver = false;
  let accepted = 0;
  const run = (async () => {
    for (let n = 0; !isOver; n++) {
      const events = Array.from({ length: 50 }, (_, i) => ({ type: "order.created", subject: `c-${(n + i) % 40}` }));
      const answer = await pipeline.post(JSON.stringify(events), undefined, "/v1/batch");
      if (answer.status === 202) accepted += events.length;
      await systemClock.sleep(50);
    }
  })();
  return {
    stop: async (): Promise<number> => {
      isOver = true;
      await run;
      return accepted;
    },
  };
};

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  // So that it shows its metrics to us.
  pipeline = await startPipeline(services, { relayEnv: { ENVIRONMENT: "development" } });
  dashboard = await startDashboard(services, pipeline);
  overview = await logIn(browser, dashboard);
  lag = await logIn(browser, dashboard);
  await lag.open("/lag");
  sending = send();
});
afterAll(async () => {
  await sending?.stop();
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

/** What a page shows now, of one render. */
const figures = () => {
  const shown: Record<string, string> = {};
  for (const figure of document.querySelectorAll(".figure")) {
    const name = /^\w+/.exec(figure.querySelector("dt")?.firstChild?.textContent ?? "")?.[0] ?? "";
    shown[name] = figure.querySelector("dd")?.textContent ?? "";
    if (name === "waiting") shown.parts = figure.querySelector(".note")?.textContent ?? "";
  }
  return { atMs: document.querySelector("#as-of")?.textContent ?? "", shown };
};
const numberOf = (text = ""): number => Number(text.replaceAll(",", "") || Number.NaN);

/** The line of the account, of as many renders as are asked for. Each adds up by itself. */
const accountsOf = async (renders: number): Promise<readonly number[]> => {
  const accepted: number[] = [];
  for (let seen = ""; accepted.length < renders; ) {
    const { atMs, shown } = await overview.page.evaluate(figures);
    if (atMs === seen) {
      await overview.page.waitForTimeout(100);
      continue;
    }
    seen = atMs;
    const sum = numberOf(shown.relayed) + numberOf(shown.waiting) + numberOf(shown.dead);
    expect([shown, numberOf(shown.accepted)]).toEqual([shown, sum]);
    const parts = [...(shown.parts ?? "").matchAll(/([\d,]+) (?:in Redis|in Postgres|parked)/g)];
    expect([shown, parts.reduce((all, [, part]) => all + numberOf(part), 0)]).toEqual([shown, numberOf(shown.waiting)]);
    accepted.push(numberOf(shown.accepted));
  }
  return accepted;
};

const expectTruePlots = async (): Promise<void> => {
  for (const { page } of [overview, lag]) {
    const plots = await plotsOf(page);
    expect(plots.length).toBe(page === lag.page ? 10 : 4);
    expect(untruthsOf(plots)).toEqual([]);
  }
};
const shown = (within: Locator, text: RegExp) => within.filter({ hasText: text }).waitFor({ timeout: 60_000 });
const main = (operator: Operator) => operator.page.locator("main");

test("while events flow each render adds up, what came only grows, and the plots are what is said beside them", async () => {
  const accepted = await accountsOf(5);
  expect(accepted.at(-1)).toBeGreaterThan(accepted[0] ?? 0);
  await expectTruePlots();
});

test("while Kafka is stopped it is named, what waits grows in the account and in the shards, and it drains when Kafka returns", async () => {
  await services.kafka.kill("SIGSTOP");
  await shown(main(overview), /Kafka .* does not answer.* since \d\d:\d\d:\d\d/);
  await accountsOf(4);
  const waiting = lag.page.locator('#shard-0 [data-label="Waiting"]');
  const before = numberOf(/^[\d,]+/.exec((await waiting.textContent()) ?? "")?.[0]);
  await eventually(
    "more waits",
    async () => numberOf(/^[\d,]+/.exec((await waiting.textContent()) ?? "")?.[0]) > before,
  );
  await shown(lag.page.locator('#shard-0 [data-label="Drained in"]'), /grows/);
  await expectTruePlots();
  await services.kafka.kill("SIGCONT");
  await shown(overview.page.locator(".over"), /Kafka .* does not answer/);
  await accountsOf(3);
  await expectTruePlots();
});

test("a relay that is gone and a Postgres that is away are unknown where they alone know, and no zero", async () => {
  await pipeline.relays[0]?.kill("SIGKILL");
  await shown(main(lag), /What else stands still is not known: no answer from the relay at/);
  await accountsOf(2);
  await pipeline.relays[0]?.restart();
  await lag.page.getByText("What else stands still is not known").waitFor({ state: "detached" });

  await signalAll(services.postgres, "SIGSTOP");
  await shown(main(lag), /Which topics are parked is not known: Postgres does not say/);
  for (const label of ["Oldest", "Waiting", "Drained in"])
    await shown(lag.page.locator(`#shard-0 [data-label="${label}"]`), /unknown/);
  await shown(overview.page.locator(".figure").filter({ hasText: /^accepted/ }), /unknown/);
  for (const operator of [overview, lag]) expect(untruthsOf(await plotsOf(operator.page))).toEqual([]);
  await signalAll(services.postgres, "SIGCONT");
  await lag.page.getByText("Which topics are parked is not known").waitFor({ state: "detached", timeout: 60_000 });
});

/** Of all apps, by what they show on /metrics. */
const metricOf = async (name: string): Promise<number> => {
  const texts = await Promise.all(pipeline.relays.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const samples = texts.flatMap((text) => [...text.matchAll(new RegExp(`^${name}\\{.*\\} (\\S+)$`, "gm"))]);
  return samples.reduce((sum, [, value]) => sum + Number(value), 0);
};

test("once quiet the account, the metrics and a reader of the topic say the same", async () => {
  const accepted = await sending.stop();
  const account = () => overview.page.evaluate(figures).then(({ shown }) => shown);
  const settled = await eventually("nothing waits", async () => {
    const now = await account();
    return now.waiting === "0" && numberOf(now.relayed) >= accepted && now;
  });
  const relayed = numberOf(settled.relayed);
  expect(settled).toMatchObject({ dead: "0", unaccounted: "0" });
  expect(numberOf(settled.accepted)).toBe(relayed);
  await eventually(
    "the relays count the same",
    async () => (await metricOf("spillway_events_relayed_total")) === relayed,
  );
  expect(await metricOf("spillway_events_accepted_total")).toBe(relayed);
  // A relay that was killed may have published some twice.
  const ids = new Set((await pipeline.read()).map(({ value }) => JSON.parse(value.toString()).id));
  expect(ids.size).toBe(relayed);
  await expectTruePlots();
  await shown(lag.page.locator('#shard-0 [data-label="Waiting"]'), /^0$/);
  expect([...overview.complaints, ...lag.complaints].filter((text) => !text.includes("status of 503"))).toEqual([]);
});
