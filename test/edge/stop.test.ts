import { eventually } from "@spillway/backends/eventually";
import { systemClock } from "@spillway/event";
import { afterAll, beforeAll, expect, test } from "vitest";
import { postBehindBalancer, postOnce } from "../support/balancer.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* An edge is told to end while clients open a connection for every event, as behind a balancer that reuses none. */
const CLIENTS = 16;

let services: Services;
const pipelines: Pipeline[] = [];
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => {
  await Promise.all(pipelines.map((pipeline) => pipeline.stop()));
  await services?.stop();
});

const startEdge = async (stopDelayMs: number) => {
  const pipeline = await startPipeline(services, { relays: 0, edgeEnv: { STOP_DELAY_MS: String(stopDelayMs) } });
  pipelines.push(pipeline);
  const [edge] = pipeline.edges;
  if (edge === undefined) throw new Error("no edge");
  return edge;
};

test("a delay longer than the probe's interval: every request on a fresh connection is answered", async () => {
  for (let round = 0; round < 3; round++) {
    const edge = await startEdge(2_000);
    const { outcomes, over } = postBehindBalancer(edge.port, CLIENTS);
    await eventually("events are accepted", () => (outcomes.get("202") ?? 0) > 300);
    await edge.kill("SIGTERM");
    await over;
    expect([...outcomes.keys()]).toEqual(["202"]);
  }
});

const endedAfterMs = async (edge: Pipeline["edges"][number], signal: () => Promise<unknown> | unknown) => {
  const startMs = performance.now();
  await signal();
  const exit = await edge.exited();
  return { ms: performance.now() - startMs, exit };
};

test("a second SIGTERM ends the delay, and the edge ends in order", async () => {
  const edge = await startEdge(60_000);
  const pid = edge.pid() ?? 0;
  const { ms, exit } = await endedAfterMs(edge, async () => {
    process.kill(pid, "SIGTERM");
    await systemClock.sleep(1_000);
    expect((await fetch(`${edge.url}/readyz`)).status).toBe(503);
    expect(await postOnce(edge.port, "late")).toBe("202");
    process.kill(pid, "SIGTERM");
  });
  expect(exit).toEqual({ code: 0, signal: null });
  expect(ms).toBeLessThan(4_000);
});

test("Ctrl-C waits for no balancer", async () => {
  const edge = await startEdge(60_000);
  const { ms, exit } = await endedAfterMs(edge, () => process.kill(edge.pid() ?? 0, "SIGINT"));
  expect(exit).toEqual({ code: 0, signal: null });
  expect(ms).toBeLessThan(3_000);
});
