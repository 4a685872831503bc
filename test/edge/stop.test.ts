import { connect } from "node:net";
import { eventually } from "@spillway/backends/eventually";
import { systemClock } from "@spillway/event";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* An edge is told to end while clients open a connection for every event, as behind a balancer that reuses none. */
const CLIENTS = 16;
/** Of the balancer's probe. */
const PROBE_MS = 1_000;

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

/** What became of one request on a connection of its own: its status, an error's code, or "no answer". */
const postOnce = (port: number, id: string): Promise<string> =>
  new Promise((resolve) => {
    const body = `{"type":"t","id":"${id}"}`;
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
      // Where the server does not end the connection, we do.
      if (answer.includes("\r\n\r\n") && !/connection: close/i.test(answer)) socket.end();
    });
    socket.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.name));
    socket.on("close", () => resolve(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "no answer"));
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  });

/** Clients behind a balancer, which sends nothing more from the first probe on that is not 200. */
const postBehindBalancer = (port: number) => {
  const outcomes = new Map<string, number>();
  let isIn = true;
  const client = async (name: number): Promise<void> => {
    for (let n = 0; isIn; n++) {
      const outcome = await postOnce(port, `${port}-${name}-${n}`);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  const probe = async (): Promise<void> => {
    while (isIn) {
      await systemClock.sleep(PROBE_MS);
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      if (answer?.status !== 200) isIn = false;
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, name) => client(name));
  return { outcomes, over: Promise.all([...clients, probe()]) };
};

test("a delay longer than the probe's interval: every request on a fresh connection is answered", async () => {
  for (let round = 0; round < 3; round++) {
    const edge = await startEdge(2_000);
    const { outcomes, over } = postBehindBalancer(edge.port);
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
