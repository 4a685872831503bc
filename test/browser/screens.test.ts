import type { Running } from "@spillway/backends";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { auditOf } from "./audit.ts";
import { logIn, openBrowser } from "./operator.ts";

/*
 * Each screen as it is looked at: on a desk in light and dark, and on a phone, whole in its width. `SCREENSHOTS=folder` keeps the pictures, which
 * those of the README are: `SCREENSHOTS=$PWD/apps/dashboard/screenshots npm test -- test/browser/screens.test.ts`.
 */
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;

const KINDS = [
  {
    type: "invoice.created",
    kind: "oversize",
    code: "message_too_large",
    count: 640,
    detail: "1,204,331 bytes, and the broker takes 1,048,588",
  },
  {
    type: "order.paid",
    kind: "rejected",
    code: "invalid_timestamp",
    count: 347,
    detail: "the time is an hour ahead of the broker's",
  },
  {
    type: "user.renamed",
    kind: "poison",
    code: "invalid_record",
    count: 12,
    detail: "the broker's interceptor refused the record",
  },
] as const;

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, {});
  for (const { type, kind, code, count, detail } of KINDS)
    await pipeline.sql`
      insert into dead_letters (shard, entry, index, class, code, detail, topic, type, partition_key, dedup_key, replay, attempts,
        received_at, bytes, source, event_id, created_at, first_failed_at)
      select i % 4, ${type}::text || i, 0, ${kind}, ${code}, ${detail}, ${type.split(".")[0] ?? ""}::text || 's', ${type}::text, 'customer-' || i % 90,
        left(md5(${type}::text || i), 16), 0, 1, at, convert_to('{"specversion":"1.0","id":"' || left(md5(i::text), 12) || '","source":"/shop","type":"' || ${type}::text
          || '","subject":"customer-' || i % 90 || '","data":{"order":90071992547409931,"total":1e400,"currency":"EUR"}}', 'UTF8'),
        '/shop', left(md5(i::text), 12), at, at
      from (select i, now() - interval '6 days' * power(1 - i / ${count}::float8, 2) as at from generate_series(1, ${count}::int) as i) as made`;
  dashboard = await startDashboard(services, pipeline);
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

const LOOKS = {
  light: { viewport: { width: 1_180, height: 780 }, colorScheme: "light" },
  dark: { viewport: { width: 1_180, height: 780 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light" },
} as const;

/** While Kafka is away. */
const OUTAGE = { overview: "/", lag: "/lag", pipeline: "/pipeline" } as const;

const SCREENS = {
  groups: "/dead-letters",
  letters: "/dead-letters?type=order.paid",
  letter: "/dead-letters/900?type=order.paid",
  plan: "/jobs/new?kind=replay&class=rejected&code=invalid_timestamp&topic=orders&type=order.paid",
  job: "/jobs/1",
  audit: "/audit",
} as const;

/** Each is whole in the width of its look; and is kept where somebody wants pictures. */
const look = async (page: Page, as: keyof typeof LOOKS, screens: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, path] of Object.entries(screens)) {
    await page.goto(path);
    const { width } = LOOKS[as].viewport;
    expect([as, name, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([as, name, width]);
    if (screens === OUTAGE) expect([as, name, ...(await auditOf(page))]).toEqual([as, name]);
    const folder = process.env.SCREENSHOTS;
    if (folder) await page.screenshot({ path: `${folder}/${name}-${as}.jpg`, type: "jpeg", quality: 60 });
  }
};

const looks = Object.keys(LOOKS) as readonly (keyof typeof LOOKS)[];

test("a job ends, to be looked at", async () => {
  const { page } = await logIn(browser, dashboard);
  await page.goto("/jobs/new?kind=discard&type=user.renamed");
  await page.getByLabel("Reason").fill("of the load test on Monday");
  await page.getByRole("button", { name: "Discard 12" }).click();
  await page.getByRole("button", { name: /Undo/ }).waitFor({ timeout: 60_000 });
  await page.context().close();
});

test.each(looks)(
  "each screen is whole: %s",
  async (as) => {
    const { page } = await logIn(browser, dashboard, LOOKS[as]);
    await look(page, as, SCREENS);
    await page.context().close();
  },
  300_000,
);

/** As dashboards would have seen it for a day: waves of events, and Kafka away since a while. Counts below zero, since those that are real follow. */
const seedHistory = () => pipeline.sql`
  insert into flow_history (span_seconds, at, accepted, ended, refused, waiting, oldest_ms)
  select seconds, at, -900000000 + sum(seconds * rate) over before, -900000000 + sum(seconds * rate) over before, 0, round(rate / 40), 20 + round(rate / 9)
  from (
    select seconds, at, round(900 + 500 * sin(extract(epoch from at) / seconds / 20) + 90 * sin(extract(epoch from at))) as rate
    from (values (10, 118), (300, 287)) as lengths (seconds, rows),
      lateral (select to_timestamp(floor(extract(epoch from now()) / seconds - i) * seconds) as at from generate_series(1, rows) as i) as times
  ) as made window before as (partition by seconds order by at)
  on conflict do nothing`;

test("and so it is while Kafka does not answer", async () => {
  await seedHistory();
  await services.kafka.kill("SIGSTOP");
  for (let batch = 0; batch < 20; batch++) {
    const events = Array.from({ length: 200 }, (_, i) => ({ type: "order.paid", subject: `customer-${i}` }));
    await pipeline.post(JSON.stringify(events), undefined, "/v1/batch");
  }
  for (const as of Object.keys(LOOKS) as (keyof typeof LOOKS)[]) {
    const { page } = await logIn(browser, dashboard, LOOKS[as]);
    await page
      .getByText(/Kafka .* does not answer/)
      .first()
      .waitFor();
    await look(page, as, OUTAGE);
    await page.context().close();
  }
  await services.kafka.kill("SIGCONT");
}, 300_000);
