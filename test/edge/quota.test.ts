import { systemClock } from "@spillway/event";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* One quota, two edges that know of each other by Redis alone, and clients that ask for several times as much and do not wait. */
const LIMIT = 100;
const WARM_UP_MS = 4_000;
const WINDOW_MS = 10_000;
const PAUSE_MS = 40;
/** Of the 2,500 posts of a window: more is no machine that stood still, but an edge that has lost its tiers. */
const UNAVAILABLE_MAX = 25;

/** The codes that an answer of this status has while both tiers are there. */
const RIGHT: Readonly<Record<number, readonly string[]>> = {
  202: [""],
  207: ["quota_exceeded"],
  429: ["quota_exceeded"],
};

let services: Services;
let pipeline: Pipeline;
beforeAll(async () => {
  services = await startServices();
  const edgeEnv = { API_KEYS: `shop:${KEY}`, API_KEY_QUOTAS: `shop=${LIMIT}/s` };
  pipeline = await startPipeline(services, { relays: 0, edges: 2, edgeEnv });
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
});

type Counts = { stored: number; refused: number; unavailable: number; readonly wrong: string[] };

const post = async (url: string, batch: number, counts: Counts): Promise<void> => {
  const body = JSON.stringify(Array.from({ length: batch }, () => ({ type: "t", subject: crypto.randomUUID() })));
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
  const response = await fetch(`${url}/v1/batch`, { method: "POST", body, headers });
  const answer = (await response.json()) as { code?: string; accepted?: number; errors?: { code: string }[] };
  counts.stored += answer.accepted ?? 0;
  counts.refused += batch - (answer.accepted ?? 0);
  const codes = new Set([answer.code, ...(answer.errors ?? []).map(({ code }) => code)].filter((code) => code));
  // A machine that stands still for half a second has both tiers time out, whatever the quota: three posts of a window once.
  const isUnavailable = [207, 503].includes(response.status) && codes.delete("unavailable");
  if (isUnavailable) counts.unavailable++;
  const right = isUnavailable ? ["", "quota_exceeded"] : (RIGHT[response.status] ?? []);
  const retryAfter = Number(response.headers.get("retry-after"));
  if (!right.includes([...codes].join()) || (response.status !== 202 && !(retryAfter >= 1)))
    counts.wrong.push(`${response.status} ${[...codes]}`);
};

const run = async (loads: readonly { readonly clients: number; readonly batch: number }[], ms: number) => {
  const counts: Counts = { stored: 0, refused: 0, unavailable: 0, wrong: [] };
  const startedAtMs = performance.now();
  const client = async (url: string, batch: number) => {
    while (performance.now() - startedAtMs < ms) {
      await post(url, batch, counts);
      await systemClock.sleep(PAUSE_MS);
    }
  };
  const clients = loads.flatMap(({ clients, batch }, i) =>
    Array.from({ length: clients }, () => client(pipeline.edges[i]?.url ?? "", batch)),
  );
  await Promise.all(clients);
  return { ...counts, seconds: (performance.now() - startedAtMs) / 1_000 };
};

test.each([
  ["evenly", 5, 5],
  ["nine of ten by one of them", 9, 1],
])("two edges store a quota's events to a tenth, refuse the rest, and say so: %s", async (_, first, second) => {
  const loads = [
    { clients: first, batch: 5 },
    { clients: second, batch: 5 },
  ];
  await run(loads, WARM_UP_MS);
  const { stored, refused, unavailable, wrong, seconds } = await run(loads, WINDOW_MS);
  expect(wrong).toEqual([]);
  expect(unavailable).toBeLessThan(UNAVAILABLE_MAX);
  expect(refused).toBeGreaterThan(stored);
  // The rate of what was stored, whatever the machine took for it.
  expect(stored / seconds / LIMIT).toBeGreaterThan(0.9);
  expect(stored / seconds / LIMIT).toBeLessThan(1.1);
});
