import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askBroker } from "../kafka/fresh-topic.ts";
import { startDashboard } from "../support/dashboard.ts";
import { API_KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { auditOf } from "./audit.ts";
import { logIn, type Operator, openBrowser } from "./operator.ts";

/* One event by its id, and the consumers downstream, as an operator sees them. */
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;
let operator: Operator;
const key = API_KEY.split(":")[0] ?? "";

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services);
  dashboard = await startDashboard(services, pipeline, {
    KAFKA_BROKERS: pipeline.addresses.brokers.join(),
    CONSUMER_GROUPS: "billing,search",
  });
  operator = await logIn(browser, dashboard);
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

const main = () => operator.page.locator("main");
const post = (id: string) => pipeline.post(JSON.stringify({ type: "order.created", id, source: "/s", subject: "c-1" }));
const open = (id: string, more = "") =>
  operator.open(`/events/${encodeURIComponent(id)}?key=${encodeURIComponent(key)}&source=/s${more}`);
const shown = (text: RegExp) => main().filter({ hasText: text }).waitFor({ timeout: 60_000 });

test("a relayed event is shown with its topic, partition and offset, found by the form", async () => {
  const id = `order/17 <b>${crypto.randomUUID()}`;
  expect((await post(id)).status).toBe(202);
  await operator.open("/");
  await operator.page.getByRole("link", { name: "Event", exact: true }).click();
  await operator.page.getByLabel("Id", { exact: true }).fill(id);
  await operator.page.getByLabel("Name of its key").fill(key);
  await operator.page.getByLabel("Source").fill("/s");
  await operator.page.getByRole("button", { name: "Look" }).click();
  await eventually("it is relayed", async () => {
    await open(id);
    return (await main().textContent())?.includes("Kafka has confirmed it") ?? false;
  });
  await shown(new RegExp(`Topic${pipeline.topic}Partition\\d+Offset\\d+`));
  expect(await main().textContent()).toContain(id);
  expect(await auditOf(operator.page)).toEqual([]);
});

test("one that waits is shown with its place, and nobody's is not seen", async () => {
  await pipeline.relays[0]?.kill("SIGSTOP");
  const id = crypto.randomUUID();
  expect((await post(id)).status).toBe(202);
  await open(id);
  await shown(/It waits in Redis, of shard \d, since .*Entry\d+-\d/);
  await open(`${id}-not`);
  await shown(/It has not come in/);
  await pipeline.relays[0]?.kill("SIGCONT");
});

/** What billing has read: nothing, or all. */
const commit = (where: "low" | "high") =>
  eventually(`billing has committed ${where}`, async () => {
    await askBroker(services.kafka.url, async (admin) => {
      const ends = await admin.fetchTopicOffsets(pipeline.topic);
      const partitions = ends.map((end) => ({ partition: end.partition, offset: end[where] }));
      await admin.setOffsets({ groupId: "billing", topic: pipeline.topic, partitions });
    });
    return true;
  });

test("the lag of the consumer groups that are named, and unknown where they have committed nothing", async () => {
  const { topic } = pipeline;
  await commit("low");
  await operator.open("/lag");
  await shown(new RegExp(`billing${topic}[1-9]`));
  await shown(new RegExp(`search${topic}unknown.*committed nothing`));
  expect(await auditOf(operator.page)).toEqual([]);
  expect(operator.complaints).toEqual([]);
});

test("a group that reads nothing for a minute is told with since when, and as over when it reads on", async () => {
  const named = new RegExp(`Consumer group billing reads nothing of ${pipeline.topic}`);
  await shown(/billing.*since \d\d:\d\d:\d\d/);
  await operator.open("/");
  const verdict = operator.page.getByRole("list", { name: "Verdict" });
  await verdict.filter({ hasText: named }).waitFor({ timeout: 100_000 });
  expect(await verdict.textContent()).toMatch(/◆.*records? waits? for it in Kafka/);
  // Nothing is known of the other one, which is no trouble that anybody has seen.
  expect(await verdict.textContent()).not.toContain("search");
  expect(await auditOf(operator.page)).toEqual([]);
  await commit("high");
  await operator.page.locator(".over").filter({ hasText: named }).waitFor({ timeout: 60_000 });
});
