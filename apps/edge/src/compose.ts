import { createLetterLook } from "@spillway/dead-letters/look";
import { type Clock, createBelonging, createUuid7, type Platform } from "@spillway/event";
import {
  createAccounts,
  createOutboxLook,
  createOutboxTier,
  createPostgresInstallation,
  schemaWarnings,
} from "@spillway/outbox/tier";
import { openDatabase } from "@spillway/postgres";
import { createSchemaStore } from "@spillway/schemas/store";
import { askKeepers, watchInstallation } from "@spillway/service";
import { createStreamTier, type Transport } from "@spillway/stream/tier";
import { type Log, type Metrics, showLimits, type Traces } from "@spillway/telemetry";
import { createApp, type Edge } from "./app.ts";
import type { Config } from "./config.ts";
import { createKeyQuotas } from "./quota/key-quotas.ts";
import { edgeOptionsOf } from "./settings.ts";

/** How long Postgres has to say which tables it has. */
const ASK_MS = 1_000;

/** What differs between runtimes, and what is one for the whole process. */
export type Surroundings = {
  readonly redis: Transport;
  readonly clock: Clock;
  readonly platform: Platform;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly traces?: Traces;
  readonly nextTurn: (then: () => void) => void;
  readonly collectGarbage?: () => void;
};

export type ComposedEdge = Edge & {
  /** Asks both keepers, and takes events from then on. What is watched is watched until `stopping` aborts. */
  start(stopping: AbortSignal): Promise<void>;
  /** Stores what is in hand, and ends what was opened here. */
  close(): Promise<void>;
};

const streamOf = (
  config: Config,
  redis: Transport,
  limited: Pick<Parameters<typeof createStreamTier>[0], "belonging" | "usage">,
) =>
  createStreamTier({
    transport: redis,
    namespace: config.NAMESPACE,
    ...limited,
    limits: {
      dedupWindowSeconds: config.DEDUP_WINDOW_SECONDS,
      backlogEventsMax: config.BACKLOG_EVENTS_MAX,
      backlogBytesMax: config.BACKLOG_BYTES_MAX,
    },
  });

/** An edge from its configuration, on whatever runtime. Connects to nothing before `start`. */
export const compose = (config: Config, { redis, ...surroundings }: Surroundings): ComposedEdge => {
  const { clock, log, metrics } = surroundings;
  const database = openDatabase({ url: config.DATABASE_URL, connectionsMax: config.DATABASE_CONNECTIONS_MAX });
  showLimits(metrics, {
    queue: { events: config.QUEUE_EVENTS_MAX, bytes: config.QUEUE_BYTES_MAX },
    outbox: { events: config.OUTBOX_EVENTS_MAX, bytes: config.OUTBOX_BYTES_MAX },
  });
  const quotas = createKeyQuotas(config.apiKeyQuotas, { clock, log, metrics });
  const belonging = createBelonging({ namespace: config.NAMESPACE, shards: config.SHARDS });
  const stream = streamOf(config, redis, { belonging, usage: quotas.exchange });
  const edge = createApp(
    {
      ...surroundings,
      stream,
      outbox: createOutboxTier({ database, shards: config.SHARDS }),
      accounts: createAccounts({ database }),
      schemas: createSchemaStore({ database }),
      sights: { stream: stream.find, letter: createLetterLook({ database }), ...createOutboxLook({ database }) },
      belonging,
      unowned: (deadlineMs) => stream.unowned(config.SHARDS, deadlineMs),
      random: Math.random,
      newId: createUuid7(clock.wallMs, (bytes) => void crypto.getRandomValues(bytes)),
      quotas,
    },
    edgeOptionsOf(config),
  );
  const keepers = { belonging, redis: stream.installation, postgres: createPostgresInstallation({ database }) };
  return {
    ...edge,
    async start(stopping) {
      // One of them may be down now: what the other says is enough to take events there. Both are asked until the end.
      await askKeepers(keepers);
      void watchInstallation({ ...keepers, clock, log }, stopping);
      void schemaWarnings(database, ASK_MS).then(([warning]) => warning && log("warn", "database.schema", { warning }));
      await edge.schemas.start(stopping);
      await edge.committer.start();
    },
    async close() {
      await edge.committer.close();
      await database.close();
    },
  };
};
