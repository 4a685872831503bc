import type { Usage, UsageExchange } from "@spillway/event";
import { createManualClock, type ManualClock } from "@spillway/memory";
import { noMetrics } from "@spillway/telemetry";
import { createMetricsSpy } from "@spillway/telemetry/metrics-spy";
import { describe, expect, test } from "vitest";
import type { KeyQuota, Quota } from "./key-quota.ts";
import { createKeyQuotas } from "./key-quotas.ts";

const LIMIT = 1_000;

/** What usage.lua does, by the same numbers. */
const createBoard = (clock: ManualClock) => {
  const told = new Map<number, { readonly usage: Usage; readonly atMs: number }>();
  return (edge: number, { due, heard }: UsageExchange): void => {
    for (const { name, usage } of due()) {
      told.set(edge, { usage, atMs: clock.monotonicMs() });
      const all = [...told.values()].map(({ usage: { events, bytes }, atMs }) => {
        const weight = Math.exp(-Math.max(0, clock.monotonicMs() - atMs - 200) / 2_000);
        return { events: events * weight, bytes: bytes * weight };
      });
      const sum = (of: keyof Usage) => all.reduce((total, each) => total + each[of], 0);
      heard(name, { edges: told.size, events: sum("events"), bytes: sum("bytes") });
    }
  };
};

type Load = {
  /** Requests a second, and events in each. */
  readonly requests: number;
  readonly events: number;
};

const createEdges = (count: number, quota: Quota = { name: "shop", eventsPerSecond: LIMIT, bytesPerSecond: null }) => {
  const clock = createManualClock();
  const board = createBoard(clock);
  const logged: string[] = [];
  const quotas = Array.from({ length: count }, () =>
    createKeyQuotas([quota], { clock, log: (_, event) => void logged.push(event), metrics: noMetrics }),
  );
  const each = quotas.map((one) => one.of("shop") as KeyQuota);
  /** Whether appends reach Redis, which is away otherwise. */
  let isReached = true;

  /** For so long requests come as told; answers the events taken by each edge. */
  const run = async (ms: number, loads: readonly Load[]): Promise<number[]> => {
    const taken = loads.map(() => 0);
    const next = loads.map(({ requests }) => 1_000 / requests);
    for (let at = 0; at < ms; at += 10) {
      await clock.advance(10);
      for (const [i, { requests, events }] of loads.entries())
        for (; (next[i] as number) <= at + 10; next[i] = (next[i] as number) + 1_000 / requests) {
          const quota = each[i] as KeyQuota;
          const got = quota.enter(100) ? quota.take(events) : 0;
          taken[i] = (taken[i] as number) + got;
          const { exchange } = quotas[i] as (typeof quotas)[number];
          if (got > 0 && isReached && exchange) board(i, exchange);
        }
    }
    return taken;
  };
  const reach = (reached: boolean): void => {
    isReached = reached;
  };
  return { clock, quotas, each, run, logged, reach };
};

const total = (taken: readonly number[]): number => taken.reduce((sum, each) => sum + each, 0);
/** Within a tenth of what may be taken in ten seconds. */
const isRight = (taken: readonly number[]): boolean => Math.abs(total(taken) - 10 * LIMIT) <= LIMIT;

describe("a quota of events", () => {
  test.each<[string, readonly Load[]]>([
    ["one edge", [{ requests: 400, events: 10 }]],
    ["two edges, evenly", [1, 2].map(() => ({ requests: 200, events: 10 }))],
    [
      "two edges, unevenly",
      [
        { requests: 300, events: 10 },
        { requests: 20, events: 10 },
      ],
    ],
    [
      "batches here, single events there",
      [
        { requests: 10, events: 500 },
        { requests: 900, events: 1 },
      ],
    ],
    ["batches as large as a second's worth", [1, 2].map(() => ({ requests: 2, events: LIMIT }))],
    ["five edges", [1, 2, 3, 4, 5].map((n) => ({ requests: 100 * n, events: 2 }))],
  ])("is right to a tenth over ten seconds: %s", async (_, loads) => {
    const edges = createEdges(loads.length);
    await edges.run(5_000, loads);
    for (let seconds = 0; seconds < 3; seconds++) expect(isRight(await edges.run(10_000, loads))).toBe(true);
  });

  test("is right to a tenth in the first ten seconds of ten edges that have never heard of each other", async () => {
    const loads = Array.from({ length: 10 }, () => ({ requests: 100, events: 2 }));
    const first = total(await createEdges(10).run(10_000, loads));
    expect(first).toBeLessThanOrEqual(1.35 * 10 * LIMIT);
  });

  test("takes all of what is below it, from whichever edge it comes", async () => {
    const { run } = createEdges(2);
    const below = [
      { requests: 80, events: 10 },
      { requests: 15, events: 10 },
    ];
    await run(3_000, below);
    expect(total(await run(10_000, below))).toBe(9_500);
  });

  test("follows the load from one edge to the other", async () => {
    const { run } = createEdges(2);
    const busy = { requests: 300, events: 10 };
    const idle = { requests: 1, events: 1 };
    await run(5_000, [busy, idle]);
    await run(5_000, [idle, busy]);
    expect(isRight(await run(10_000, [idle, busy]))).toBe(true);
  });

  test("goes on with the part that was known last while Redis is away", async () => {
    const { run, reach } = createEdges(2);
    const loads = [
      { requests: 300, events: 10 },
      { requests: 100, events: 10 },
    ];
    await run(5_000, loads);
    reach(false);
    const [more = 0, less = 0] = await run(10_000, loads);
    expect(isRight([more, less])).toBe(true);
    expect(more).toBeGreaterThan(2.5 * less);
    expect(less).toBeGreaterThan(0);
  });

  test("takes an even part after a pause, in which the others may have gone or come", async () => {
    const { run, reach } = createEdges(2);
    const much = { requests: 300, events: 10 };
    const little = { requests: 10, events: 1 };
    await run(5_000, [much, little]);
    reach(false);
    const nothing = { requests: 0.01, events: 1 };
    await run(4_000, [nothing, nothing]);
    const [first = 0, second = 0] = await run(10_000, [much, much]);
    expect(second / first).toBeGreaterThan(0.9);
    expect(isRight([first, second])).toBe(true);
  });

  test("says truly when something may be taken again", async () => {
    const { each, clock } = createEdges(1, { name: "shop", eventsPerSecond: 2, bytesPerSecond: null });
    const quota = each[0] as KeyQuota;
    expect([quota.enter(1), quota.take(10)]).toEqual([true, 1]);
    for (let i = 0; i < 3; i++) {
      while (quota.enter(1)) quota.take(1);
      const waitMs = quota.retryAfterSeconds() * 1_000;
      await clock.advance(waitMs);
      expect(quota.enter(1)).toBe(true);
    }
  });

  test("counts what it refused by the key's name, and says so once", async () => {
    const clock = createManualClock();
    const spy = createMetricsSpy();
    const logged: unknown[] = [];
    const quotas = createKeyQuotas([{ name: "shop", eventsPerSecond: 4, bytesPerSecond: null }], {
      clock,
      log: (level, event, fields) => void logged.push([level, event, fields]),
      metrics: spy,
    });
    const quota = quotas.of("shop") as KeyQuota;
    expect(quota.take(5)).toBe(1);
    expect(quota.enter(1)).toBe(false);
    const labels = { key: "shop" };
    expect(spy.of("spillway_quota_refused_total")).toEqual([
      { value: 4, labels },
      { value: 2, labels },
    ]);
    expect(logged).toEqual([["warn", "quota.exceeded", { key_name: "shop" }]]);
    expect(quotas.of("till")).toBeUndefined();
  });
});

describe("a quota of bytes", () => {
  const bytes = { name: "shop", eventsPerSecond: null, bytesPerSecond: 10_000 } as const;

  test("refuses before the body while what was taken is not made up for, however large it was", async () => {
    const { each, clock } = createEdges(1, bytes);
    const quota = each[0] as KeyQuota;
    expect(quota.enter(50_000)).toBe(true);
    expect([quota.enter(1), quota.retryAfterSeconds()]).toEqual([false, 5]);
    await clock.advance(5_000);
    expect(quota.enter(1)).toBe(true);
    expect(quota.take(1_000)).toBe(1_000);
  });

  test("counts what a body unfolds to, and what came without a length", async () => {
    const { each } = createEdges(1, bytes);
    const quota = each[0] as KeyQuota;
    expect(quota.enter(100)).toBe(true);
    quota.unfolded(30_000);
    expect(quota.enter(0)).toBe(false);
    expect(quota.retryAfterSeconds()).toBe(3);
  });
});
