import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { eventually } from "@spillway/backends/eventually";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { openBrowser } from "./operator.ts";

/* Pages of other origins send to the edge from a real browser; what arrived is read from Kafka. */
const PAGE_KEY = "pk_of-the-pages-of-the-shop";
const METRICS_TOKEN = "a-token-for-the-metrics";
let services: Services;
let pipeline: Pipeline;
let browser: Browser;
let clientScript = "";
const servers: Server[] = [];

/** An origin of its own: a page, and the client's script. */
const startOrigin = async (): Promise<string> => {
  const server = createServer((request, response) => {
    const isScript = request.url === "/client.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(isScript ? clientScript : "<!doctype html><title>a page</title>");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const origins = { shop: "", foreign: "" };

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  [origins.shop, origins.foreign] = [await startOrigin(), await startOrigin()];
  const entry = fileURLToPath(import.meta.resolve("@spillway/client"));
  const { outputs } = await Bun.build({ entrypoints: [entry], target: "browser", format: "esm" });
  clientScript = (await outputs[0]?.text()) ?? "";
  pipeline = await startPipeline(services, {
    edgeEnv: {
      METRICS_TOKEN,
      PUBLISHABLE_KEYS: `web:${PAGE_KEY}`,
      API_KEY_ORIGINS: `web=${origins.shop}`,
      API_KEY_QUOTAS: "web=1000/s",
    },
  });
});
afterAll(async () => {
  await browser?.close();
  await pipeline?.stop();
  await services?.stop();
  for (const server of servers) server.close();
});

const edge = () => pipeline.edges[0]?.url.replace(/\/$/, "") ?? "";
const target = () => `${edge()}/v1/events?key=${PAGE_KEY}`;

const openPage = async (origin: string): Promise<Page> => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(origin);
  return page;
};

/** How many requests the edge has refused with a code. */
const refused = async (code: string): Promise<number> => {
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
  const text = await (await fetch(`${edge()}/metrics`, { headers })).text();
  return Number(new RegExp(`problems_total\\{[^}]*code="${code}"[^}]*\\} (\\d+)`).exec(text)?.[1] ?? 0);
};

const ids = async () => (await pipeline.read()).map(({ value }) => (JSON.parse(String(value)) as { id: string }).id);
const arrived = (...wanted: readonly string[]) =>
  eventually(`${wanted} in Kafka`, async () => {
    const there = await ids();
    return wanted.every((id) => there.includes(id));
  });

/** What a page makes of an answer, or that it is given none. */
const fetching = ([url, key, body, keepalive]: readonly [string, string | null, string, boolean]) =>
  fetch(url, {
    method: "POST",
    body,
    keepalive,
    headers: key === null ? {} : { authorization: `Bearer ${key}`, "content-type": "application/json" },
  }).then(
    async (response) => ({
      status: response.status,
      id: ((await response.json()) as { id: string }).id,
      hasRequestId: response.headers.get("x-request-id") !== null,
    }),
    (error: Error) => error.name,
  );
const beaconing = ([url, body]: readonly [string, string]) => navigator.sendBeacon(url, body);

test("a page of the key's origin sends by fetch, with keepalive and by beacon, and reads the answer", async () => {
  const page = await openPage(origins.shop);
  const event = (id: string) => JSON.stringify({ type: "page.seen", id });
  const asked = await page.evaluate(fetching, [`${edge()}/v1/events`, PAGE_KEY, event("fetched"), false] as const);
  expect(asked).toEqual({ status: 202, id: "fetched", hasRequestId: true });
  const kept = await page.evaluate(fetching, [target(), null, event("kept"), true] as const);
  expect(kept).toEqual({ status: 202, id: "kept", hasRequestId: true });
  expect(await page.evaluate(beaconing, [target(), event("beacon")] as const)).toBe(true);
  await arrived("fetched", "kept", "beacon");
  const sources = (await pipeline.read()).map(({ value }) => (JSON.parse(String(value)) as { source: string }).source);
  expect(new Set(sources)).toEqual(new Set(["/web"]));
});

test("a page of another origin cannot: its fetch fails, its beacon is refused, and nothing of it is stored", async () => {
  const page = await openPage(origins.foreign);
  const event = (id: string) => JSON.stringify({ type: "page.seen", id });
  const before = await refused("origin_forbidden");
  // Its preflight is refused; the second one has none, is refused itself, and may not be read.
  const asked = await page.evaluate(fetching, [`${edge()}/v1/events`, PAGE_KEY, event("foreign-1"), false] as const);
  const unasked = await page.evaluate(fetching, [target(), null, event("foreign-2"), true] as const);
  expect([asked, unasked]).toEqual(["TypeError", "TypeError"]);
  expect(await page.evaluate(beaconing, [target(), event("foreign-3")] as const)).toBe(true);
  await eventually("three refusals", async () => (await refused("origin_forbidden")) === before + 3);
  // What is sent now arrives behind whatever came before it.
  await pipeline.post(JSON.stringify({ type: "last", id: "last" }));
  await arrived("last");
  expect((await ids()).filter((id) => id.startsWith("foreign"))).toEqual([]);
});

test("the client sends what waits when its page goes away, with a publishable key", async () => {
  const page = await openPage(origins.shop);
  // A string, since vitest would have an import of its own in a function. So long a linger that nothing is sent but because the page goes.
  const sent = await page.evaluate<string>(`
    import("/client.js").then(async ({ createClient }) => {
      const client = createClient({ url: "${edge()}", key: "${PAGE_KEY}", lingerMs: 3600000 });
      return (await client.send({ type: "page.left" })).id;
    })`);
  await page.goto("about:blank");
  await arrived(sent);
});

test("no key is in what the edge has written", () => {
  const written = readFileSync(pipeline.edges[0]?.logFile ?? "", "utf8");
  expect(written).toContain('"listening"');
  expect(written).not.toContain("pk_");
});
