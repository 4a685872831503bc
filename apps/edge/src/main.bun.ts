import { systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createOutboxTier, openDatabase } from "@spillway/outbox/tier";
import { createStreamTier, type StreamTier } from "@spillway/stream/tier";
import { createLog, type Log } from "@spillway/telemetry";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { createApp } from "./app.ts";
import { type Config, ConfigError, readConfig, shownConfig } from "./config.ts";
import { edgeOptionsOf } from "./settings.ts";

/** How long Redis has to answer at the start, and how long it is left alone before it is asked again. */
const AGREE_MS = 1_000;

const configOrExit = (): Config => {
  try {
    return readConfig(process.env, platform);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
};

/** False when Redis has not answered yet. Exits when it holds another number of shards: the order of keys would break. */
const agreesOnShards = async (stream: StreamTier, log: Log): Promise<boolean> => {
  const agreement = await stream.agreeOnShards(AGREE_MS);
  if (agreement.kind === "disagreed") {
    log("error", "shards.disagreed", { recorded: agreement.recorded });
    process.stderr.write(`${agreement.reason}\n`);
    process.exit(1);
  }
  return agreement.kind === "agreed";
};

const config = configOrExit();
// Whoever reads the log may go away; events go on.
process.stdout.on("error", () => undefined);
const log = createLog("edge", config.LOG_LEVEL, (line) => process.stdout.write(line));
log("info", "config", shownConfig(config));

const database = openDatabase({ url: config.DATABASE_URL, connectionsMax: config.DATABASE_CONNECTIONS_MAX });
const stream = createStreamTier({
  url: config.UPSTASH_REDIS_REST_URL,
  token: config.UPSTASH_REDIS_REST_TOKEN,
  namespace: config.NAMESPACE,
  shards: config.SHARDS,
  limits: {
    seenWindowSeconds: config.DEDUP_WINDOW_SECONDS,
    backlogEventsMax: config.BACKLOG_EVENTS_MAX,
    backlogBytesMax: config.BACKLOG_BYTES_MAX,
  },
});
const edge = createApp(
  {
    stream,
    outbox: createOutboxTier({ database }),
    clock: systemClock,
    platform,
    random: Math.random,
    newId: () => Bun.randomUUIDv7(),
    log,
    metrics: createPrometheusMetrics("edge"),
    nextTurn: (then) => void setImmediate(then),
  },
  edgeOptionsOf(config),
);

const untilAgreed = async (): Promise<void> => {
  while (!(await agreesOnShards(stream, log))) await systemClock.sleep(AGREE_MS);
};
// Redis may be down now: events go to the outbox then, and the question is asked again until it is answered.
if (!(await agreesOnShards(stream, log))) void untilAgreed();
await edge.committer.start();
const server = Bun.serve({
  hostname: config.HOST,
  port: config.PORT,
  development: false,
  // Bun shares the port by default outside of development: a second edge by mistake would take half of the requests.
  reusePort: false,
  // Above our own limit, so that the answer is ours.
  // body.ts counts, and what it leaves unread is not kept; a limit here would only answer in other words than ours.
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  fetch: edge.app.fetch,
});
log("info", "listening", { url: server.url.href });

let stopping = false;
const stop = async (signal: string): Promise<void> => {
  if (stopping) return;
  stopping = true;
  log("info", "stopping", { signal });
  edge.drain();
  await systemClock.sleep(config.SHUTDOWN_DELAY_MS);
  await server.stop();
  edge.committer.close();
  await database.close();
  log("info", "stopped");
  process.exit(0);
};
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop(signal));
