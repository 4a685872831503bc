import { systemClock } from "@spillway/event";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandsWithin, sumOf } from "../support/commands.ts";
import { startDashboard } from "../support/dashboard.ts";
import { type Services, startPipeline, startServices } from "../support/world.ts";

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.stop());

/* What a stack with nothing to do asks of Redis, which a hosted one has paid for: the numbers of libs/stream/README.md. */
const SECONDS = 30;
const RELAY_AND_DASHBOARD_MAX = 2;
const EDGE_MAX = 1;

test(`an idle relay and dashboard send at most ${RELAY_AND_DASHBOARD_MAX} commands a second, an edge ${EDGE_MAX}`, async () => {
  const pipeline = await startPipeline(services);
  const dashboard = await startDashboard(services, pipeline);
  const answer = await pipeline.post(JSON.stringify({ type: "t", subject: "s" }));
  expect(answer.status).toBe(202);
  // What follows from an event is over, and the first looks of all are behind them.
  await systemClock.sleep(15_000);
  const { relay, dashboard: looks, edge } = await commandsWithin(services, SECONDS * 1_000);
  console.log(JSON.stringify({ relay, dashboard: looks, edge }));
  await dashboard.stop();
  await pipeline.stop();
  expect(sumOf(relay) + sumOf(looks)).toBeLessThanOrEqual(RELAY_AND_DASHBOARD_MAX * SECONDS);
  expect(sumOf(edge)).toBeLessThanOrEqual(EDGE_MAX * SECONDS);
});
