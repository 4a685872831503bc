import type { Clock, Platform } from "@spillway/event";
import { createCopies } from "./copies.ts";
import { createInstallationCell, createInstallationKeeper, divertingCell } from "./installation.ts";
import { createLeases } from "./leases.ts";
import { createLedger } from "./ledger.ts";
import { createDeadLetters, createLetters, createReplay } from "./letters.ts";
import { createOutages } from "./outages.ts";
import { createOutbox } from "./outbox.ts";
import { createOutboxDrain } from "./outbox-drain.ts";
import { createOutboxTier } from "./outbox-tier.ts";
import { createParkedTable, createParking } from "./parking.ts";
import { createSchemas, createSchemaTable } from "./schemas.ts";
import { createServerPromise } from "./server-promise.ts";
import { createShardStream } from "./shard-stream.ts";
import { createSights } from "./sights.ts";
import { createSink } from "./sink.ts";
import { createStreams, type StreamLimits } from "./streams.ts";
import { createStreamTier } from "./tier.ts";
import { createTopics } from "./topics.ts";

export type MemoryWorldOptions = Partial<StreamLimits> & {
  readonly clock: Clock;
  readonly platform: Platform;
  readonly shards: number;
  /** How long an insert of the outbox tier takes from drawing its ids to its commit, in ms; 0 unless given. */
  readonly commitMs?: () => number;
  /** Event bytes that one replay sends at most. */
  readonly replayBytesMax?: number;
};

export type MemoryWorld = ReturnType<typeof createMemoryWorld>;

/** One state in memory and every port onto it. Ports share nothing else, so any number of edges and relays may use them. */
export const createMemoryWorld = (options: MemoryWorldOptions) => {
  const { clock, platform, shards, commitMs = () => 0, replayBytesMax = 16 * 1024 * 1024 } = options;
  const outages = createOutages();
  const promise = createServerPromise();
  const streams = createStreams(clock, shards, {
    backlogEventsMax: options.backlogEventsMax ?? 100_000,
    backlogBytesMax: options.backlogBytesMax ?? 64 * 1024 * 1024,
    dedupWindowMs: options.dedupWindowMs ?? 3_600_000,
  });
  const ledger = createLedger(clock, outages);
  const outbox = createOutbox(clock, ledger.keep);
  const installation = createInstallationCell();
  const claimed = divertingCell(streams.installation, shards, streams.divert);
  const letters = createLetters(clock);
  const parked = createParkedTable(clock);
  const schemas = createSchemaTable();
  const topics = createTopics();
  const commit = async (): Promise<void> => {
    const ms = commitMs();
    if (ms > 0) await clock.sleep(ms);
  };
  /** What Postgres holds now, and what brings it back, as when a standby that lagged is promoted. */
  const rememberPostgres = (): (() => void) => {
    const tables = [outbox, ledger, letters, parked, schemas].map((table) => table.remember());
    return () => {
      for (const bringBack of tables) bringBack();
    };
  };
  const openSink = () => createSink(topics, outages, clock);
  return {
    /* What would stand in Redis, Postgres and Kafka, for a test to look at and to break. */
    streams,
    outbox,
    installation,
    letters,
    parked,
    topics,
    outages,
    promise,
    rememberPostgres,

    tier: createStreamTier(streams, outages, promise),
    outboxTier: createOutboxTier(outbox, outages, ledger.advance, commit),
    outboxDrain: createOutboxDrain(outbox, outages, ledger),
    copies: createCopies(outbox, outages, clock),
    shardStream: createShardStream(streams, outages, promise),
    leases: createLeases(streams, outages),
    deadLetters: createDeadLetters(letters, outages),
    replay: createReplay({ letters, outbox, outages, clock, platform, shards, bytesMax: replayBytesMax }),
    sights: createSights({ streams, outbox, parked, letters, outages, platform }),
    parking: createParking(parked, outages, ledger.advance),
    schemas: createSchemas(schemas, outages),
    ledger,
    redisInstallation: createInstallationKeeper(claimed, "redis", outages),
    postgresInstallation: createInstallationKeeper(installation, "postgres", outages),
    sink: openSink(),
    /** Another sink on the same topics. */
    openSink,
  };
};
