import type { Metrics } from "@spillway/telemetry";

const PUBLISH_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
const AGE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600, 3600, 21_600];

const SHARD = ["shard"] as const;
const LANE = ["topic", "partition"] as const;
/** The topic is empty for what is not about one. */
const TROUBLE = ["state", "topic"] as const;

const createShardMeasures = (metrics: Metrics) => ({
  shardOwned: metrics.gauge("spillway_shard_owned", "1 while this relay holds the shard's lease", SHARD),
  shardBacklog: metrics.gauge("spillway_shard_backlog_events", "Events in the shard's stream", SHARD),
  shardBacklogBytes: metrics.gauge("spillway_shard_backlog_bytes", "Stored bytes in the shard's stream", SHARD),
  shardOldestAge: metrics.gauge(
    "spillway_shard_oldest_age_seconds",
    "Age of the oldest event that the stream holds, read or not, as far as the relay knows",
    SHARD,
  ),
  accepted: metrics.total("spillway_events_accepted_total", "Events the shard took; = relayed + dead + pending", SHARD),
  duplicate: metrics.total("spillway_events_duplicate_total", "Events the shard dropped as duplicates", SHARD),
  relayed: metrics.total("spillway_events_relayed_total", "Events of the shard that Kafka confirmed", SHARD),
  dead: metrics.total("spillway_events_dead_total", "Events of the shard that became dead letters", SHARD),
  pending: metrics.gauge("spillway_events_pending", "Events of the shard that wait", SHARD),
  unaccounted: metrics.gauge("spillway_unaccounted_events", "Events acknowledged that are nowhere", SHARD),
  possiblyLost: metrics.gauge(
    "spillway_possibly_lost_events",
    "Events that an edge may have acknowledged before it died, and are nowhere",
    SHARD,
  ),
});

/** Every number that the relay shows. Topics come from config; nothing of an event is ever a label. */
export const createMeasures = (metrics: Metrics) => ({
  records: metrics.counter("spillway_relay_records_total", "Records by what came of publishing them", [
    "topic",
    "outcome",
  ]),
  publishSeconds: metrics.histogram(
    "spillway_relay_publish_seconds",
    "One publish, from the call to its outcome",
    PUBLISH_BUCKETS,
    ["outcome"],
  ),
  ageSeconds: metrics.histogram(
    "spillway_event_age_seconds",
    "From an event's ingest until Kafka confirmed it",
    AGE_BUCKETS,
    ["topic"],
  ),
  deadLetters: metrics.counter("spillway_dead_letters_total", "Events that became dead letters", ["class"]),
  parkedRecords: metrics.counter("spillway_parked_records_total", "Events put aside since their topic takes none", [
    "topic",
  ]),
  returnedRecords: metrics.counter(
    "spillway_returned_records_total",
    "Parked events that Kafka took or refused for good",
    ["topic"],
  ),
  parkedEvents: metrics.gauge("spillway_parked_events", "Events that wait for their topic outside of the stream", [
    "topic",
    "shard",
  ]),
  parkedBytes: metrics.gauge("spillway_parked_bytes", "Bytes of these events", ["topic", "shard"]),
  lanePaused: metrics.gauge(
    "spillway_lane_paused",
    "1 while a fault stops the partition that waiting alone may not heal",
    LANE,
  ),
  laneBlocked: metrics.gauge("spillway_lane_blocked", "1 while the partition waits before its next attempt", LANE),
  laneRecords: metrics.gauge("spillway_lane_records", "Records in memory for the partition", LANE),
  troubles: metrics.gauge(
    "spillway_troubles",
    "Lanes, shards and loops that have stood still for a second or longer",
    TROUBLE,
  ),
  troubleSeconds: metrics.gauge(
    "spillway_trouble_seconds",
    "How long the one of them has stood still that has longest",
    TROUBLE,
  ),
  ...createShardMeasures(metrics),
  outboxEvents: metrics.gauge("spillway_outbox_events", "Events in the outbox"),
  outboxBytes: metrics.gauge("spillway_outbox_bytes", "Bytes in the outbox"),
  outboxOldestAge: metrics.gauge("spillway_outbox_oldest_age_seconds", "Age of the oldest outbox row"),
  copiesEvents: metrics.gauge("spillway_copies_events", "Events of the streams that Postgres has a copy of"),
  copiesBytes: metrics.gauge("spillway_copies_bytes", "Bytes of these copies"),
  restored: metrics.counter(
    "spillway_restored_events_total",
    "Events that a stream had lost, back by their copies",
    SHARD,
  ),
  drainedRows: metrics.counter("spillway_drained_rows_total", "Outbox rows moved into the stream", SHARD),
});

export type Measures = ReturnType<typeof createMeasures>;
