import type { Tier, TierHealth } from "@spillway/event";
import { createManualClock, settledBelonging } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import type { Committer } from "./commit/committer.ts";
import { createHealth } from "./health.ts";

const SHARDS = 4;
const quiet = {
  refusals: { state: () => ({ requests: 0, runs: [] }) },
  limits: { backlogEventsMax: 1, backlogBytesMax: 2, outboxEventsMax: 3, outboxBytesMax: 4 },
};

const tierWith = (name: Tier["name"], health: Partial<TierHealth>) => {
  const tier = {
    name,
    asked: 0,
    append: async () => [],
    health: async (): Promise<TierHealth> => {
      tier.asked++;
      return { status: "up", warnings: [], promise: { state: "kept" }, ...health };
    },
  };
  return tier;
};

type Row = {
  readonly stream?: Partial<TierHealth>;
  readonly outbox?: Partial<TierHealth>;
  readonly state?: Partial<ReturnType<Committer["state"]>>;
  readonly status: string;
};

const sound = { stream: true, outbox: true, outboxFull: false, reliance: "stream", divertedShards: 0 } as const;
const down = { status: "down" } as const;

describe("readiness", () => {
  test.each([
    [{ state: "kept" }, "verified"],
    [{ state: "unknown", because: ["appendonly"] }, "unverified"],
    [null, "unverified"],
    [{ state: "broken", because: ["appendonly"] }, "broken"],
  ] as const)("of a stream that tells %j its durability is %s", async (promise, durability) => {
    const health = createHealth({
      ...quiet,
      stream: tierWith("stream", { promise }),
      outbox: tierWith("outbox", {}),
      committer: { state: () => sound },
      clock: createManualClock(),
      belonging: settledBelonging(SHARDS),
      shards: SHARDS,
    });
    expect((await health.readiness()).durability).toBe(durability);
  });

  test.each<Row>([
    { status: "up" },
    { stream: down, status: "degraded" },
    { outbox: down, status: "degraded" },
    { stream: down, outbox: down, status: "down" },
    { state: { stream: false }, status: "degraded" },
    { state: { stream: false, outbox: false }, status: "down" },
    { stream: down, state: { outbox: false }, status: "down" },
    { stream: { warnings: ["appendonly is no"] }, status: "degraded" },
    { state: { reliance: "outbox" }, status: "degraded" },
    { state: { reliance: "outbox" }, outbox: down, status: "down" },
    { state: { reliance: "nowhere" }, status: "down" },
    { stream: { promise: { state: "unknown", because: ["appendonly"] } }, status: "up" },
    { state: { divertedShards: 1 }, status: "degraded" },
    { state: { divertedShards: SHARDS }, status: "degraded" },
    { state: { divertedShards: SHARDS - 1 }, outbox: down, status: "degraded" },
    { state: { divertedShards: SHARDS }, outbox: down, status: "down" },
    { state: { outboxFull: true }, status: "degraded" },
    { state: { outboxFull: true, stream: false }, status: "down" },
    { state: { outboxFull: true, divertedShards: SHARDS }, status: "down" },
    { state: { outboxFull: true, divertedShards: SHARDS - 1 }, status: "degraded" },
  ])("%j", async ({ stream = {}, outbox = {}, state = {}, status }) => {
    const health = createHealth({
      ...quiet,
      stream: tierWith("stream", stream),
      outbox: tierWith("outbox", outbox),
      committer: { state: () => ({ ...sound, ...state }) },
      clock: createManualClock(),
      belonging: settledBelonging(SHARDS),
      shards: SHARDS,
    });
    expect((await health.readiness()).status).toBe(status);
    health.stop();
    expect((await health.readiness()).status).toBe("stopping");
  });

  test("however many ask, a tier is asked once a second", async () => {
    const clock = createManualClock();
    const stream = tierWith("stream", {});
    const belonging = settledBelonging(SHARDS);
    const committer = { state: () => sound };
    const outbox = tierWith("outbox", {});
    const health = createHealth({ ...quiet, stream, outbox, committer, clock, belonging, shards: SHARDS });
    await Promise.all(Array.from({ length: 50 }, () => health.readiness()));
    expect(stream.asked).toBe(1);
    await clock.advance(1_000);
    await health.readiness();
    expect(stream.asked).toBe(2);
  });

  test("is down with a sentence when the parts do not belong together, and says it again when they do", async () => {
    const belonging = settledBelonging(SHARDS);
    const installation = belonging.known("redis");
    const clock = createManualClock();
    const committer = { state: () => sound };
    const [stream, outbox] = [tierWith("stream", {}), tierWith("outbox", {})];
    const health = createHealth({ ...quiet, stream, outbox, committer, clock, belonging, shards: SHARDS });
    belonging.found("redis", { id: "another", namespace: "memory", shards: SHARDS });
    const { status, checks } = await health.readiness();
    expect(status).toBe("down");
    for (const { warnings } of [checks.stream, checks.outbox]) expect(warnings).toEqual([belonging.mismatch()]);
    belonging.found("redis", installation);
    await clock.advance(1_000);
    expect((await health.readiness()).status).toBe("up");
  });

  test("with a Redis in which no relay has been it is degraded, and says so", async () => {
    const belonging = settledBelonging(SHARDS);
    belonging.found("redis", null);
    const committer = { state: () => sound };
    const [stream, outbox] = [tierWith("stream", {}), tierWith("outbox", {})];
    const health = createHealth({
      ...quiet,
      stream,
      outbox,
      committer,
      clock: createManualClock(),
      belonging,
      shards: SHARDS,
    });
    expect(await health.readiness()).toMatchObject({
      status: "degraded",
      checks: { stream: { status: "down", warnings: [belonging.sentence("redis")] } },
    });
  });
});
