import { readFileSync } from "node:fs";
import {
  createDeadLetterInspector,
  createDiscard,
  createLetterJobs,
  createReplay,
  type LetterActor,
} from "@spillway/dead-letters";
import { createLetterLook } from "@spillway/dead-letters/look";
import { createBelonging, createLookup, systemClock, Unavailable } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createKafkaReader } from "@spillway/kafka/reader";
import { createProvider } from "@spillway/oidc";
import { createAudit, createSessionTable, createUsers } from "@spillway/operators";
import {
  acknowledgeLoss,
  createOutboxAhead,
  createOutboxInspector,
  createPostgresInstallation,
  schemaWarnings,
} from "@spillway/outbox";
import { createOutboxLook } from "@spillway/outbox/tier";
import { openDatabase } from "@spillway/postgres";
import { createMetricsRoute, isUpstash, showDependencies, watchInstallation } from "@spillway/service";
import { openShell } from "@spillway/service/bun";
import {
  connectRedis,
  createRedisInstallation,
  createStreamAhead,
  createStreamInspection,
  createStreamLook,
} from "@spillway/stream";
import { openTraces } from "@spillway/telemetry/open-traces";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { createApp } from "./app.tsx";
import { argon } from "./argon.bun.ts";
import css from "./assets/app.css" with { type: "text" };
import lettersCss from "./assets/letters.css" with { type: "text" };
import script from "./assets/live.js" with { type: "text" };
import { below } from "./base-path.ts";
import { readConfig } from "./config.ts";
import { createCounted } from "./counted.ts";
import { createDevStack } from "./dev/stack.bun.ts";
import { createHealth } from "./health.ts";
import { createHistory } from "./history/history.ts";
import { createFlowHistory } from "./history/rollups.ts";
import { runJobs } from "./jobs/run.ts";
import { createLetterActions } from "./letter-actions.ts";
import { PAGE_ROWS } from "./pages/dead-letters/list.tsx";
import type { DashboardPorts, ShardRow, SightPorts } from "./ports.ts";
import { showSights } from "./sight-metrics.ts";
import { askAccounts } from "./sights/accounts.ts";
import { askReadiness } from "./sights/ask.ts";
import { createEventSights } from "./sights/events.ts";
import { showGroups } from "./sights/group-metrics.ts";
import { followGroups } from "./sights/groups.ts";
import { createTopicLimits } from "./sights/topic-limits.ts";
import { createTroubleTable, keepTroubles } from "./watch/kept-troubles.ts";
import { createWatch } from "./watch/watch.ts";

/* The dashboard on Bun: settings, then what it looks at, then the app. */
const ASK_MS = 2_000;

/** What cannot be read now is null on the page. */
const orNull = <T>(answer: Promise<T>): Promise<T | null> =>
  answer.catch((error: unknown) => {
    if (error instanceof Unavailable) return null;
    throw error;
  });

const shell = openShell("dashboard", () => readConfig(process.env, (path) => readFileSync(path, "utf8")));
const { config, log, stopping } = shell;
const database = openDatabase({ url: config.DATABASE_URL });
const redis = connectRedis({
  url: config.REDIS_URL.join(),
  isHosted: config.REDIS_URL.some(isUpstash),
  connectionName: "dashboard",
});
const stream = createStreamInspection(redis, config.NAMESPACE);
const outbox = createOutboxInspector({ database });
const letters = createDeadLetterInspector({ database });
const metrics = createPrometheusMetrics("dashboard");
const tracing = await openTraces("dashboard", config.traces, metrics);
const replay = createReplay({ database, shards: config.SHARDS, platform, traces: tracing.traces });
const belonging = createBelonging({ namespace: config.NAMESPACE, shards: config.SHARDS });
const { discard, restore } = createDiscard({ database });
const jobs = createLetterJobs({ database });
const users = createUsers({ database });

// Where Postgres does not answer it starts: nobody gets in before it does.
if (config.DASHBOARD_PASSWORD === undefined && config.identity === null && (await orNull(users.any())) === false)
  shell.refuse(
    "DASHBOARD_PASSWORD: got nothing, and there is no user in Postgres and no OIDC_ISSUER: set it, or make a user (apps/dashboard/README.md)",
  );

/** A shard of the stream as the page shows it. */
const shardRow = async (shard: number): Promise<ShardRow> => {
  const inspection = await stream.shard(shard);
  return { shard, known: inspection.kind === "known" ? inspection.view : null };
};

const health = createHealth(systemClock, async () => {
  const [shard, rows, warnings] = await Promise.all([
    stream.shard(0),
    orNull(outbox.shards(ASK_MS)),
    schemaWarnings(database, ASK_MS),
  ]);
  const sentences = [belonging.mismatch()].filter((sentence) => sentence !== null);
  return {
    redis: { status: shard.kind === "known" ? "up" : "down", ...(sentences.length > 0 && { warnings: sentences }) },
    postgres: { status: rows ? "up" : "down", ...(warnings.length > 0 && { warnings }) },
  };
});

const sights: SightPorts = {
  shards: () => Promise.all(Array.from({ length: config.SHARDS }, (_, shard) => shardRow(shard))),
  outbox: () => orNull(outbox.shards(ASK_MS)),
  edges: () => askReadiness(config.EDGE_URL),
  relays: () => askReadiness(config.RELAY_URL),
  parked: () => orNull(outbox.parked(ASK_MS)),
  accounts: () => orNull(askAccounts(database, ASK_MS)),
  totals: () => orNull(letters.counts()),
  openJobs: () => orNull(jobs.open()),
  groups: async () => groups.sight(),
};

const watch = createWatch({ ...sights, clock: systemClock });
const history = createHistory(createFlowHistory({ database }), systemClock);
void history.run(watch);
void keepTroubles(createTroubleTable({ database }), watch, systemClock);

/** Where the relays publish; null: none of them says. */
const topicsOfRelays = async (): Promise<readonly string[] | null> => {
  const topics = (await watch.latest()).relays.flatMap(({ said }) => said?.kafka?.topics ?? []);
  return topics.length === 0 ? null : [...new Set(topics)];
};

const { tls, sasl } = config.kafkaAccess;
const connection = {
  brokers: config.KAFKA_BROKERS,
  clientId: "spillway-dashboard",
  ...(tls && { tls }),
  ...(sasl && { sasl }),
};
const reader = config.KAFKA_BROKERS.length === 0 ? null : createKafkaReader({ connection });
const kafkaPorts = { topics: topicsOfRelays, clock: systemClock };
const groups = followGroups({
  ...kafkaPorts,
  reader: reader ?? { lags: async () => [] },
  groups: reader === null ? [] : config.CONSUMER_GROUPS,
});
void groups.run(stopping);
showGroups(metrics, groups.sight, systemClock);
const streamLook = createStreamLook(redis, {
  namespace: config.NAMESPACE,
  dedupWindowSeconds: config.DEDUP_WINDOW_SECONDS,
  belonging,
});
const letterLook = createLetterLook({ database });
const letterIdOf = async (identity: string) => (await letterLook(identity, null, ASK_MS))?.letter;
const sightsOfEvents = {
  stream: streamLook,
  letter: letterLook,
  ...createOutboxLook({ database }),
};
const events = createEventSights({
  ...kafkaPorts,
  lookUp: createLookup(sightsOfEvents, platform, systemClock),
  letterOf: async (by) => {
    const found =
      "id" in by ? (await letters.page({ eventId: by.id }, {}, 1)).letters[0]?.id : await letterIdOf(by.identity);
    return found === undefined ? null : letters.get(found);
  },
  ahead: { stream: createStreamAhead(redis, { namespace: config.NAMESPACE }), outbox: createOutboxAhead({ database }) },
  shards: config.SHARDS,
  reader,
});

const ports: DashboardPorts = {
  watch,
  history,
  events,
  topicLimit: createTopicLimits({ reader, clock: systemClock }),
  environment: config.ENVIRONMENT,
  settings: config.shown,
  letters: {
    groups: createCounted(() => orNull(letters.groups()), systemClock),
    page: (filter, cursor) => orNull(letters.page(filter, cursor, PAGE_ROWS)),
    beside: (filter, id) => orNull(letters.beside(filter, id)),
    get: letters.get,
    export: letters.export,
    plan: letters.plan,
    ...createLetterActions({ replay, discard, restore, belonging }),
  },
  jobs,
  audit: createAudit({ database }),
  users,
  sessions: createSessionTable({ database }),
  argon,
  dev: config.DEV_ENV_FILE === undefined ? null : createDevStack(config.DEV_ENV_FILE, database),
  identities: config.identity && { ...config.identity, provider: createProvider(config.identity) },
  acknowledgeLoss: (by) => acknowledgeLoss(database, by, ASK_MS),
  health: { ...health, metrics: createMetricsRoute(metrics, config.metricsAccess, platform) },
  clock: systemClock,
  platform,
  randomToken: () => Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url"),
  log,
};

void watch.run(stopping);
showSights(metrics, { ...sights, clock: systemClock });
showDependencies(metrics, health.readiness);
const app = createApp(ports, {
  password: config.DASHBOARD_PASSWORD,
  https: config.ENVIRONMENT === "production",
  assets: { css: `${css}\n${lettersCss}`, script },
});
const server = await shell.serve({
  fetch: (request, addressOf) =>
    below(config.BASE_PATH, (inner) => app.fetch(inner, { address: addressOf() }))(request),
});

/** When the oldest event of all streams was appended, by Redis's clock; null: they are empty. */
const oldestInStreams = async (): Promise<number | null> => {
  const shards = await sights.shards();
  const ages = shards.map(({ known }) => {
    if (known === null) throw new Unavailable("redis");
    return known.oldestAgeMs;
  });
  const oldest = Math.max(...ages.map((age) => age ?? -1));
  return oldest < 0 ? null : systemClock.wallMs() - oldest;
};

const running = runJobs(
  {
    jobs,
    following: letters.following,
    decide: ({ kind, actor, reason }, job, ids) => {
      const by: LetterActor = { by: actor, job };
      if (kind === "replay") return replay(ids, by);
      return kind === "discard" ? discard(ids, { ...by, reason: reason ?? "" }) : restore(ids, by);
    },
    oldestInStreams,
    obstacle: () => belonging.mismatch(),
    clock: systemClock,
    log,
  },
  crypto.randomUUID(),
  stopping,
);

const keepers = {
  redis: createRedisInstallation(redis.transport, config.NAMESPACE),
  postgres: createPostgresInstallation({ database }),
};
void watchInstallation({ ...keepers, belonging, clock: systemClock, log }, stopping);
void schemaWarnings(database, ASK_MS).then(([warning]) => warning && log("warn", "database.schema", { warning }));
await shell.untilStopping();
health.stop();
await shell.end(async () => {
  await running;
  await Promise.allSettled([server.stop(), database.close(), tracing.close()]);
  redis.close();
});
