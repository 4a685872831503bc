import type {
  Clock,
  DeadLetters,
  Leases,
  Ledger,
  OutboxDrain,
  OutboxTier,
  Platform,
  Replay,
  ShardStream,
  Sink,
  Tier,
} from "@spillway/event";
import { createLeases } from "./leases.ts";
import { createLedger } from "./ledger.ts";
import { createDeadLetters, createLetters, createReplay, type Letters } from "./letters.ts";
import { createOutages, type Outages } from "./outages.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createOutboxDrain } from "./outbox-drain.ts";
import { createOutboxTier } from "./outbox-tier.ts";
import { createShardStream } from "./shard-stream.ts";
import { createSink } from "./sink.ts";
import { createStreams, type StreamLimits, type Streams } from "./streams.ts";
import { createStreamTier } from "./tier.ts";
import { createTopics, type Topics } from "./topics.ts";

export type MemoryWorldOptions = Partial<StreamLimits> & {
  readonly clock: Clock;
  readonly platform: Platform;
  readonly shards: number;
  /** How long an insert of the outbox tier takes from drawing its ids to its commit, in ms; 0 unless given. */
  readonly commitMs?: () => number;
  /** Event bytes that one replay sends at most. */
  readonly replayBytesMax?: number;
};

/** One state in memory and every port onto it. Ports share nothing else, so any number of edges and relays may use them. */
export type MemoryWorld = {
  /** What would stand in Redis, Postgres and Kafka, for a test to look at and to break. */
  readonly streams: Streams;
  readonly outbox: Outbox;
  readonly letters: Letters;
  readonly topics: Topics;
  readonly outages: Outages;

  readonly tier: Tier;
  readonly outboxTier: OutboxTier;
  readonly outboxDrain: OutboxDrain;
  readonly shardStream: ShardStream;
  readonly leases: Leases;
  readonly deadLetters: DeadLetters;
  readonly replay: Replay;
  readonly ledger: Ledger & { unaccounted(shard: number): number };
  readonly sink: Sink;
  /** Another sink on the same topics. */
  openSink(): Sink;
};

export const createMemoryWorld = (options: MemoryWorldOptions): MemoryWorld => {
  const { clock, platform, shards, commitMs = () => 0, replayBytesMax = 16 * 1024 * 1024 } = options;
  const outages = createOutages();
  const streams = createStreams(clock, shards, {
    backlogEventsMax: options.backlogEventsMax ?? 100_000,
    backlogBytesMax: options.backlogBytesMax ?? 64 * 1024 * 1024,
    dedupWindowMs: options.dedupWindowMs ?? 3_600_000,
  });
  const outbox = createOutbox(clock);
  const letters = createLetters();
  const topics = createTopics();
  const commit = async (): Promise<void> => {
    const ms = commitMs();
    if (ms > 0) await clock.sleep(ms);
  };
  const openSink = () => createSink(topics, outages, clock);
  return {
    streams,
    outbox,
    letters,
    topics,
    outages,
    tier: createStreamTier(streams, outages),
    outboxTier: createOutboxTier(outbox, outages, commit),
    outboxDrain: createOutboxDrain(outbox, outages),
    shardStream: createShardStream(streams, outages),
    leases: createLeases(streams, outages),
    deadLetters: createDeadLetters(letters, outages),
    replay: createReplay({ letters, outbox, outages, clock, platform, shards, bytesMax: replayBytesMax }),
    ledger: createLedger(outages),
    sink: openSink(),
    openSink,
  };
};
