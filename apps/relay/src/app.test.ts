import { platform } from "@spillway/event/platform-node";
import { createManualClock, settledBelonging, settlePromises } from "@spillway/memory";
import type { MetricsAccess } from "@spillway/service";
import { describe, expect, test } from "vitest";
import { createApp } from "./app.ts";
import { createHealth } from "./health.ts";
import type { RelayState } from "./relay.ts";

const up: RelayState = {
  owner: "r1",
  membership: "sharing",
  shards: [{ shard: 0, token: 1, pump: "reading", entries: 0, oldestAgeMs: null, stillMs: 0, diversion: "ended" }],
  parked: [],
  dependencies: { redis: { status: "up" }, postgres: { status: "up" } },
  troubles: [],
};

type Kafka = { readonly status: "up" | "down"; readonly code?: string };

const LASTING_MS = 5_000;

/** Shards of which each holds events, and none has left for so long. */
const standing = (...stillMs: number[]): Partial<RelayState> => ({
  shards: stillMs.map((ms, shard) => ({
    shard,
    token: 1,
    pump: "reading" as const,
    entries: 1,
    oldestAgeMs: ms,
    stillMs: ms,
    diversion: "ended" as const,
  })),
});

const retrying = (forMs: number): Partial<RelayState> => ({
  troubles: [{ state: "retrying", code: "not_leader", topic: "t", partition: 0, forMs }],
});

const setup = (
  state: Partial<RelayState> = {},
  kafka: Kafka = { status: "up" },
  warnings: string[] = [],
  belonging = settledBelonging(),
) => {
  const clock = createManualClock();
  let asked = 0;
  const health = createHealth({
    relay: { state: () => ({ ...up, ...state }) },
    sink: {
      health: async () => {
        asked++;
        return kafka;
      },
    },
    belonging,
    clock,
    kafka: { brokers: ["127.0.0.1:9092"], topics: ["events"] },
    warnings: async () => warnings,
    lastingMs: LASTING_MS,
  });
  const metrics = { expose: async () => ({ text: "spillway_x 1\n", contentType: "text/plain; version=0.0.4" }) };
  const app = (access: MetricsAccess = "open") => createApp({ health, metrics, platform }, access);
  return { app, clock, health, asked: () => asked };
};

describe("/readyz", () => {
  test.each([
    ["all is well", {}, undefined, undefined, 200, "up"],
    ["Kafka is down", {}, { status: "down", code: "connection_failed" } as const, undefined, 503, "down"],
    [
      "Redis is down",
      { dependencies: { ...up.dependencies, redis: { status: "down" } } } as const,
      undefined,
      undefined,
      503,
      "down",
    ],
    [
      "Postgres is down",
      { dependencies: { ...up.dependencies, postgres: { status: "down", code: "refused" } } } as const,
      undefined,
      undefined,
      200,
      "degraded",
    ],
    [
      "a topic is paused",
      {
        troubles: [{ state: "paused", code: "topic_authorization_failed", topic: "t", partition: 0, forMs: 1 }],
      } as const,
      undefined,
      undefined,
      200,
      "degraded",
    ],
    ["a partition is retried", retrying(LASTING_MS - 1), undefined, undefined, 200, "up"],
    ["a partition is retried for as long as a lease", retrying(LASTING_MS), undefined, undefined, 200, "degraded"],
    ["a shard's events wait a moment", standing(LASTING_MS - 1), undefined, undefined, 200, "up"],
    ["one shard stands still, whatever the reason", standing(LASTING_MS, 0), undefined, undefined, 200, "degraded"],
    ["nothing at all is relayed", standing(LASTING_MS, LASTING_MS + 1), undefined, undefined, 503, "down"],
    ["a setting breaks a promise", {}, undefined, ["appendonly is no"], 200, "degraded"],
  ])("when %s", async (_, state, kafka, warnings, status, word) => {
    const answer = await setup(state, kafka, warnings).app().request("/readyz");
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ status: word, relay: "r1", warnings: warnings ?? [] });
  });

  test("says that it is stopping", async () => {
    const { app, health } = setup();
    health.stop();
    expect((await app().request("/readyz")).status).toBe(503);
  });

  test("is down with a sentence when its parts do not belong together", async () => {
    const belonging = settledBelonging();
    belonging.found("postgres", { id: "another", namespace: "memory", shards: 4 });
    const { app } = setup({}, undefined, [], belonging);
    const answer = await app().request("/readyz");
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ status: "down", warnings: [belonging.mismatch()] });
  });

  test("says for how long it found Kafka as it is, and where records go", async () => {
    const kafka: { status: "up" | "down" } = { status: "down" };
    const { app, clock } = setup({}, kafka);
    const said = async () => (await app().request("/readyz")).json();
    expect(await said()).toMatchObject({ checks: { kafka: { for_ms: 0 } }, kafka: { topics: ["events"] } });
    await clock.advance(5_000);
    expect(await said()).toMatchObject({ checks: { kafka: { status: "down", for_ms: 5_000 } } });
    kafka.status = "up";
    await clock.advance(2_000);
    expect(await said()).toMatchObject({ checks: { kafka: { for_ms: 0 }, redis: { for_ms: 7_000 } } });
  });

  test("asks Kafka at most every two seconds, however many ask us", async () => {
    const { app, clock, asked } = setup();
    for (let i = 0; i < 10; i++) await app().request("/readyz");
    expect(asked()).toBe(1);
    await clock.advance(2_000);
    await app().request("/readyz");
    expect(asked()).toBe(2);
  });

  test("does not wait for a Kafka that does not answer", async () => {
    const clock = createManualClock();
    const health = createHealth({
      relay: { state: () => up },
      sink: { health: () => new Promise(() => undefined) },
      belonging: settledBelonging(),
      clock,
      kafka: { brokers: [], topics: [] },
      warnings: async () => [],
      lastingMs: LASTING_MS,
    });
    let answered = false;
    const readiness = health.readiness().then((answer) => {
      answered = true;
      return answer;
    });
    await settlePromises();
    expect(answered).toBe(false);
    await clock.advance(500);
    expect(await readiness).toMatchObject({ status: "down", checks: { kafka: { status: "unknown" } } });
  });
});

describe("the other routes", () => {
  test("/livez touches nothing", async () => {
    const { app, asked } = setup();
    expect((await app().request("/livez")).status).toBe(200);
    expect(asked()).toBe(0);
  });

  test("/metrics are open, closed, or for who has the token", async () => {
    const { app } = setup();
    const open = await app("open").request("/metrics");
    expect([open.status, open.headers.get("content-type"), await open.text()]).toEqual([
      200,
      "text/plain; version=0.0.4",
      "spillway_x 1\n",
    ]);
    const closed = await app("closed").request("/metrics");
    expect([closed.status, await closed.text()]).toEqual([404, expect.stringContaining("set METRICS_TOKEN")]);
    const token = "0123456789.abcdef";
    const ask = (authorization?: string) =>
      app({ token }).request("/metrics", { headers: authorization === undefined ? {} : { authorization } });
    expect((await ask()).status).toBe(401);
    expect((await ask(`Bearer ${token}x`)).status).toBe(401);
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
    expect((await ask(`bearer  ${token}`)).status).toBe(200);
  });

  test("anything else is not there, and the answer tells what is", async () => {
    const { app } = setup();
    const open = await app().request("/v1/events", { method: "POST" });
    expect([open.status, await open.text()]).toEqual([404, "/livez, /readyz and /metrics are what there is\n"]);
    const closed = await app("closed").request("/v1/events");
    expect(await closed.text()).toContain("/metrics needs METRICS_TOKEN");
  });

  test("HEAD and OPTIONS are answered as GET is, nothing is to be kept, and / tells of the end", async () => {
    const { app, health } = setup();
    const ask = (method: string, path: string) => app().request(path, { method });
    for (const method of ["HEAD", "OPTIONS", "GET"])
      for (const path of ["/livez", "/readyz"]) {
        const answer = await ask(method, path);
        expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
      }
    expect((await ask("POST", "/readyz")).status).toBe(405);
    expect((await ask("OPTIONS", "/")).status).toBe(204);
    health.stop();
    expect((await ask("OPTIONS", "/")).status).toBe(503);
  });
});
