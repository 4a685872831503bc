import type { Running } from "@spillway/backends";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDashboard } from "../support/dashboard.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
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

const SCREENS = {
  groups: "/dead-letters",
  letters: "/dead-letters?type=order.paid",
  letter: "/dead-letters/900?type=order.paid",
  plan: "/jobs/new?kind=replay&class=rejected&code=invalid_timestamp&topic=orders&type=order.paid",
  job: "/jobs/1",
  audit: "/audit",
} as const;

test("each screen is whole in light, in dark and on a phone", async () => {
  const { page } = await logIn(browser, dashboard);
  await page.goto("/jobs/new?kind=discard&type=user.renamed");
  await page.getByLabel("Reason").fill("of the load test on Monday");
  await page.getByRole("button", { name: "Discard 12" }).click();
  await page.getByRole("button", { name: /Undo/ }).waitFor({ timeout: 60_000 });
  await page.context().close();
  for (const [look, options] of Object.entries(LOOKS)) {
    const { page } = await logIn(browser, dashboard, options);
    for (const [name, path] of Object.entries(SCREENS)) {
      await page.goto(path);
      const { width } = options.viewport;
      expect([look, name, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([look, name, width]);
      const folder = process.env.SCREENSHOTS;
      if (folder) await page.screenshot({ path: `${folder}/${name}-${look}.jpg`, type: "jpeg", quality: 60 });
    }
    await page.context().close();
  }
});
