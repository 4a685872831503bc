import { createMetricsSpy } from "@spillway/telemetry/metrics-spy";
import { expect, test } from "vitest";
import type { ShardRow } from "./ports.ts";
import { showSights } from "./sight-metrics.ts";
import type { WatchPorts } from "./watch/watch.ts";

const byClass = { poison: 2, oversize: 0, rejected: 1, undecodable: 0 };

const setUp = () => {
  let nowMs = 1_000_000;
  const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs, sleep: () => new Promise<void>(() => undefined) };
  const spy = createMetricsSpy();
  const stream = (oldestAgeMs: number | null, owner: string | null): ShardRow => ({
    shard: 0,
    known: {
      backlogEvents: 1,
      backlogBytes: 1,
      oldestAgeMs,
      relayed: 0,
      dead: 0,
      parked: 0,
      owner,
      divertedForMs: null,
    },
  });
  const sights = {
    shards: [stream(5_000, "r1")] as readonly ShardRow[],
    outbox: [{ shard: 0, rows: 1, events: 1, oldestAtMs: clock.wallMs() - 60_000, exact: true }] as unknown[] | null,
    parked: [{ shard: 0, topic: "t", sinceMs: clock.wallMs() - 90_000, events: 0 }] as unknown[] | null,
    totals: { byClass, total: 3, capped: false, oldestAtMs: clock.wallMs() - 10_000 } as object | null,
  };
  const ports = {
    clock,
    shards: async () => sights.shards,
    outbox: async () => sights.outbox,
    parked: async () => sights.parked,
    totals: async () => sights.totals,
  } as unknown as WatchPorts;
  showSights(spy, ports);
  const age = (place: string) =>
    spy.of("spillway_oldest_event_age_seconds").findLast(({ labels }) => labels.place === place)?.value;
  const last = (name: string) => spy.of(name).at(-1)?.value;
  /** As Prometheus asks, later than what is kept. */
  const scrape = async () => {
    nowMs += 2_000;
    await spy.expose();
  };
  return { spy, sights, stream, age, last, scrape };
};

test("the oldest event of each place is shown, and where nothing waits none", async () => {
  const { age, last, scrape, spy } = setUp();
  await scrape();
  expect([age("stream"), age("outbox"), age("parked")]).toEqual([5, 62, 0]);
  expect(last("spillway_shard_has_owner")).toBe(1);
  expect(last("spillway_dead_letters_oldest_age_seconds")).toBe(12);
  expect(spy.of("spillway_dead_letters_waiting").map(({ value, labels }) => [labels.class, value])).toEqual(
    Object.entries(byClass),
  );
});

test("what waits grows older while nobody can be asked, and is young again only when somebody says so", async () => {
  const { sights, stream, age, last, scrape } = setUp();
  await scrape();
  const { shards } = sights;
  Object.assign(sights, { shards: [{ shard: 0, known: null }], outbox: null, parked: null, totals: null });
  for (let i = 0; i < 5; i++) await scrape();
  expect([age("stream"), age("outbox"), last("spillway_dead_letters_oldest_age_seconds")]).toEqual([15, 72, 22]);
  Object.assign(sights, { shards: [stream(null, null)], outbox: [], totals: { byClass, total: 3, oldestAtMs: null } });
  await scrape();
  expect([age("stream"), age("outbox"), last("spillway_shard_has_owner")]).toEqual([0, 0, 0]);
  expect(shards).toHaveLength(1);
});
