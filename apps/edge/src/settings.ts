import type { EdgeOptions } from "./app.ts";
import { commitDefaults } from "./commit/committer.ts";
import type { Config } from "./config.ts";

/** The configuration in the words of the parts that it configures. */
export const edgeOptionsOf = (config: Config): EdgeOptions => ({
  ...commitDefaults,
  shards: config.SHARDS,
  eventBytesMax: config.EVENT_BYTES_MAX,
  bodyBytesMax: config.BODY_BYTES_MAX,
  bodiesBytesMax: config.BODIES_BYTES_MAX,
  bodyTimeoutMs: config.BODY_TIMEOUT_MS,
  batchEventsMax: config.BATCH_EVENTS_MAX,
  depthMax: config.DEPTH_MAX,
  dedupWindowSeconds: config.DEDUP_WINDOW_SECONDS,
  lookupsPerSecond: config.LOOKUPS_PER_SECOND,
  queueEventsMax: config.QUEUE_EVENTS_MAX,
  queueBytesMax: config.QUEUE_BYTES_MAX,
  commitEventsMax: config.COMMIT_EVENTS_MAX,
  commitBytesMax: config.COMMIT_BYTES_MAX,
  streamDeadlineMs: config.STREAM_DEADLINE_MS,
  outboxDeadlineMs: config.OUTBOX_DEADLINE_MS,
  outboxEventsMax: config.OUTBOX_EVENTS_MAX,
  outboxBytesMax: config.OUTBOX_BYTES_MAX,
  onWeakRedis: config.ON_WEAK_REDIS,
  apiKeys: config.apiKeys,
  publishableKeys: config.publishableKeys,
  corsOrigins: config.corsOrigins,
  apiKeySources: config.apiKeySources,
  apiKeyDurabilities: config.apiKeyDurabilities,
  schemaKeys: config.schemaKeys,
  durabilityRoutes: config.durabilityRoutes,
  metricsAccess: config.metricsAccess,
  limits: {
    backlogEventsMax: config.BACKLOG_EVENTS_MAX,
    backlogBytesMax: config.BACKLOG_BYTES_MAX,
    outboxEventsMax: config.OUTBOX_EVENTS_MAX,
    outboxBytesMax: config.OUTBOX_BYTES_MAX,
  },
});
