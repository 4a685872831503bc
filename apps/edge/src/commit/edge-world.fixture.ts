import { type Durability, type SealedEvent, sealEvent } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createManualClock, createMemoryWorld, settledBelonging } from "@spillway/memory";
import { type LogFields, noMetrics } from "@spillway/telemetry";
import { type CommitterOptions, commitDefaults, createCommitter } from "./committer.ts";
import { obstructed } from "./obstructed-tier.fixture.ts";
import type { EventResult } from "./result.ts";

export const SHARDS = 4;

const createGround = (backlogEventsMax = 100_000) => {
  const clock = createManualClock();
  return { clock, world: createMemoryWorld({ clock, platform, shards: SHARDS, backlogEventsMax }) };
};

/** A committer on memory tiers that a test can obstruct, under a clock that stands still; or another one beside it. */
export const createEdgeWorld = (
  options: Partial<CommitterOptions> & { readonly backlogEventsMax?: number } = {},
  { clock, world }: ReturnType<typeof createGround> = createGround(options.backlogEventsMax),
) => {
  const stream = obstructed(world.tier, clock);
  const copies = obstructed({ ...world.outboxTier, append: world.outboxTier.copy }, clock);
  const outbox = obstructed({ ...world.outboxTier, copy: copies.tier.append }, clock);
  const belonging = settledBelonging(SHARDS);
  const logged: { event: string; fields: LogFields }[] = [];
  const committer = createCommitter(
    {
      stream: stream.tier,
      outbox: outbox.tier,
      accounts: world.ledger,
      belonging,
      clock,
      platform,
      random: () => 0.5,
      log: (_, event, fields = {}) => void logged.push({ event, fields }),
      metrics: noMetrics,
    },
    {
      ...commitDefaults,
      shards: SHARDS,
      outboxEventsMax: 1_000_000,
      outboxBytesMax: 1024 * 1024 * 1024,
      onWeakRedis: "outbox",
      ...options,
    },
  );
  return { clock, world, belonging, stream, outbox, copies, committer, logged };
};

export type EdgeWorld = ReturnType<typeof createEdgeWorld>;

const textEncoder = new TextEncoder();

export const event = (id: string, partitionKey: string | null = null, bytes = 100): SealedEvent => {
  const attributes = { id, source: "/test", type: "test", partitionKey, traceparent: null };
  const body = textEncoder.encode(JSON.stringify({ ...attributes, data: "x".repeat(bytes) }));
  return sealEvent(attributes, body, SHARDS, platform, "shop");
};

/** The same, to be in both tiers. */
export const eventFor = (durability: Durability, id: string, shard = 0): SealedEvent => ({
  ...eventOfShard(shard, id),
  durability,
});

/** Partition keys of which each lands in its own shard. */
export const keyOfShard: readonly string[] = (() => {
  const keys: string[] = [];
  for (let n = 0; keys.filter((key) => key !== undefined).length < SHARDS; n++) {
    const key = `key-${n}`;
    keys[event("probe", key).shard] ??= key;
  }
  return keys;
})();

export const eventOfShard = (shard: number, id: string, bytes?: number): SealedEvent =>
  event(id, keyOfShard[shard] ?? null, bytes);

export const kinds = (results: readonly EventResult[]): string[] =>
  results.map((result) => (result.kind === "refused" ? result.code : `${result.kind} ${result.tier}`));
