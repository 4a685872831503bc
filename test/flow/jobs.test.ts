import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { createDeadLetters } from "@spillway/dead-letters";
import { openDatabase } from "@spillway/postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { DASHBOARD_PASSWORD, startDashboard } from "../support/dashboard.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* Ten thousand dead letters replayed by a filter: on and on after a kill −9, until a cancel, from two dashboards at once. */
const LETTERS = 10_000;
const WAIT_MS = 120_000;
let services: Services;
let pipeline: Pipeline;
const dashboards: Running[] = [];

beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services?.stop());
beforeEach(async () => {
  pipeline = await startPipeline(services, {});
});
afterEach(async () => {
  for (const dashboard of dashboards.splice(0)) await dashboard.stop();
  await pipeline.stop();
});

const start = async (): Promise<Running> => {
  const dashboard = await startDashboard(services, pipeline);
  dashboards.push(dashboard);
  return dashboard;
};

/** Letters of 50 keys, each with its number in its id. */
const bury = async (count: number): Promise<void> => {
  const database = openDatabase({ url: pipeline.addresses.databaseUrl });
  const letters = Array.from({ length: count }, (_, i) =>
    letterOf({
      identity: String(i).padStart(16, "0"),
      type: "invoice.created",
      topic: pipeline.topic,
      partitionKey: `key-${i % 50}`,
      bytes: new TextEncoder().encode(
        JSON.stringify({ specversion: "1.0", id: `e-${i}`, source: "/s", type: "invoice.created" }),
      ),
    }),
  );
  await createDeadLetters({ database }).put(letters);
  await database.close();
};

const form = (fields: Record<string, string>, cookie = "") => ({
  method: "POST",
  body: new URLSearchParams(fields),
  headers: { cookie },
  redirect: "manual" as const,
});

const logIn = async ({ url }: Running): Promise<string> => {
  const answer = await fetch(`${url}/login`, form({ password: DASHBOARD_PASSWORD }));
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
};

/** A browser without scripts: it reads pages, and sends their forms. */
const visit = async (dashboard: Running) => {
  const cookie = await logIn(dashboard);
  const page = async (path: string) => (await fetch(`${dashboard.url}${path}`, { headers: { cookie } })).text();
  const send = async (path: string, from: string, fields: Record<string, string> = {}) => {
    const inputs = [...from.matchAll(/<input [^>]*?name="([^"]+)"[^>]*? value="([^"]*)"/g)];
    const filled = inputs.map(([, name = "", value = ""]) => [name, value.replaceAll("&amp;", "&")]);
    const answer = await fetch(`${dashboard.url}${path}`, form({ ...Object.fromEntries(filled), ...fields }, cookie));
    expect(answer.status).toBe(303);
    return answer.headers.get("location")?.split("?")[0] ?? "";
  };
  const begin = async (fields: Record<string, string>, kind = "replay") => {
    const plan = await page(`/jobs/new?kind=${kind}&type=invoice.created`);
    return { plan, job: await send("/jobs", plan.slice(plan.indexOf('class="plan"')), fields) };
  };
  return { page, send, begin };
};

const numberIn = (page: string): number =>
  Number(/> ([\d,]+) of [\d,]+ (went|were|wait)/.exec(page)?.[1]?.replaceAll(",", "") ?? 0);

const idsInKafka = async () =>
  (await pipeline.read()).map(({ value, key }) => ({
    id: Number(/"e-(\d+)"/.exec(String(value))?.[1]),
    key: String(key),
  }));

/** Each once, and those of a key in the order in which they died. */
const expectOnceInOrder = (records: readonly { id: number; key: string }[]): void => {
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
  for (const [, ids] of Map.groupBy(records, ({ key }) => key)) {
    const numbers = ids.map(({ id }) => id);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  }
};

test(
  "a job goes on where it was after a kill −9, sends each letter once and in order, and tells that all have arrived",
  async () => {
    await bury(LETTERS);
    const first = await start();
    const { begin, page } = await visit(first);
    const { plan, job } = await begin({ rate: "2000" });
    expect(plan).toContain("Replay 10,000 of invoice.created: 10,000 will go.");
    await eventually("it is under way", async () => numberIn(await page(job)) >= 2_000, WAIT_MS);
    await first.kill("SIGKILL");
    const again = await visit(await start());
    const decided = numberIn(await again.page(job));
    expect(decided).toBeLessThan(LETTERS);
    await eventually(
      "all have arrived",
      async () => (await again.page(job)).includes("10,000 arrived in Kafka, 0 died again."),
      WAIT_MS,
    );
    const records = await eventually("all are in Kafka", async () => {
      const found = await idsInKafka();
      return found.length >= LETTERS && found;
    });
    expect(records).toHaveLength(LETTERS);
    expectOnceInOrder(records);
    expect(await again.page("/audit")).toContain("10000 of invoice.created");
  },
  2 * WAIT_MS,
);

test(
  "two dashboards share the jobs: one begins, the other cancels, nothing goes twice, and nothing after the cancel",
  async () => {
    await bury(LETTERS);
    const [one, other] = [await visit(await start()), await visit(await start())];
    const { job } = await one.begin({ rate: "1000" });
    await eventually("the other sees it under way", async () => numberIn(await other.page(job)) >= 1_000, WAIT_MS);
    await other.send(`${job}/cancel`, await other.page(job));
    const decided = numberIn(await one.page(job));
    expect(decided).toBeLessThan(LETTERS);
    const records = await eventually(
      "what went is in Kafka",
      async () => {
        const found = await idsInKafka();
        return found.length >= decided && found;
      },
      WAIT_MS,
    );
    expect(records).toHaveLength(decided);
    expectOnceInOrder(records);
    expect(numberIn(await one.page(job))).toBe(decided);
    const { plan } = await one.begin({ rate: "5000", reason: "test data" }, "discard");
    expect(plan).toContain(`Discard ${(LETTERS - decided).toLocaleString("en")} of invoice.created`);
    const discard = job.replace(/\d+$/, (id) => String(Number(id) + 1));
    await eventually(
      "the rest is discarded",
      async () => (await other.page(discard)).includes("<strong>done</strong>"),
      WAIT_MS,
    );
    const undo = await other.send(`${discard}/undo`, await other.page(discard));
    await eventually("it waits again", async () => (await one.page(undo)).includes("<strong>done</strong>"), WAIT_MS);
    const groups = await one.page("/dead-letters");
    expect(groups).toContain(`Replay ${(LETTERS - decided).toLocaleString("en")}…`);
  },
  2 * WAIT_MS,
);
