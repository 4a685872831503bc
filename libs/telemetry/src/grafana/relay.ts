import type { DashboardSpec } from "./dashboard.ts";
import type { PanelSpec } from "./panel.ts";

const topics: readonly PanelSpec[] = [
  {
    title: "Records by outcome",
    unit: "cps",
    says: "What Kafka said of them; a refused batch counts again at each halving. The codes are in libs/kafka/README.md.",
    queries: [
      [
        'sum by (topic, outcome) (rate(spillway_relay_records_total{topic=~"$topic"}[$__rate_interval]))',
        "{{topic}}, {{outcome}}",
      ],
    ],
  },
  {
    title: "99 % of the publishes",
    unit: "s",
    says: "Slow with a relay that has CPU left: Kafka's disks or replicas.",
    queries: [
      [
        "histogram_quantile(0.99, sum by (le, outcome) (rate(spillway_relay_publish_seconds_bucket[$__rate_interval])))",
        "{{outcome}}",
      ],
    ],
  },
  {
    title: "Events by their age at Kafka",
    unit: "s",
    says: "Half of them and 99 %, of the topics that are chosen. Only the 99 % are old: a lane, or what came back from being parked.",
    queries: [
      [
        'histogram_quantile(0.5, sum by (le, topic) (rate(spillway_event_age_seconds_bucket{topic=~"$topic"}[$__rate_interval])))',
        "half of {{topic}}",
      ],
      [
        'histogram_quantile(0.99, sum by (le, topic) (rate(spillway_event_age_seconds_bucket{topic=~"$topic"}[$__rate_interval])))',
        "99 % of {{topic}}",
      ],
    ],
    hasTraces: true,
    pages: ["SpillwayConsumerGroupStandsStill"],
  },
  {
    title: "Lanes that stand still",
    unit: "short",
    says: "Partitions, or whole topics. paused: waiting alone may not heal it, such as an authorization; look at /readyz for the code.",
    queries: [
      ['sum by (topic) (spillway_lane_blocked{topic=~"$topic"})', "blocked, {{topic}}"],
      ['sum by (topic) (spillway_lane_paused{topic=~"$topic"})', "paused, {{topic}}"],
    ],
    pages: ["SpillwayTopicStandsStill"],
  },
  {
    title: "Parked and returned",
    unit: "cps",
    says: "Parked above returned for ten minutes: the topic takes less than arrives.",
    queries: [
      ['sum by (topic) (rate(spillway_parked_records_total{topic=~"$topic"}[$__rate_interval]))', "parked, {{topic}}"],
      [
        'sum by (topic) (rate(spillway_returned_records_total{topic=~"$topic"}[$__rate_interval]))',
        "returned, {{topic}}",
      ],
    ],
    pages: ["SpillwayParkedGrows"],
    nothing: "nothing is parked",
  },
  {
    title: "Records in memory",
    unit: "short",
    says: "Read and not confirmed yet. One topic that has all of them is the one that Kafka does not take.",
    queries: [['sum by (topic) (spillway_lane_records{topic=~"$topic"})', "{{topic}}"]],
  },
];

const shards: readonly PanelSpec[] = [
  {
    title: "Owners",
    unit: "short",
    says: "Shards of each relay. A relay with none beside others that have them: its SHARDS or NAMESPACE, see its /readyz.",
    queries: [["sum by (instance) (spillway_shard_owned)", "{{instance}}"]],
  },
  {
    title: "Accepted and not relayed yet",
    unit: "short",
    says: "In the stream or parked, by shard. One shard alone: a key that is hot, or a lane that stands still.",
    queries: [['sum by (shard) (spillway_events_pending{shard=~"$shard"})', "shard {{shard}}"]],
  },
  {
    title: "Stream of a shard",
    unit: "bytes",
    says: "As Redis stores it. At the limit events go to the outbox.",
    queries: [
      ['sum by (shard) (spillway_shard_backlog_bytes{shard=~"$shard"})', "shard {{shard}}"],
      ['min(spillway_limit_bytes{of="backlog"})', "limit"],
    ],
  },
  {
    title: "Relayed, by shard",
    unit: "cps",
    says: "Each shard keeps up with what it accepts, or Oldest event grows.",
    queries: [
      ['sum by (shard) (rate(spillway_events_relayed_total{shard=~"$shard"}[$__rate_interval]))', "shard {{shard}}"],
    ],
  },
  {
    title: "Unaccounted, by shard",
    unit: "short",
    says: "What was acknowledged and is nowhere. Find out what happened to Redis; then tell the producers.",
    queries: [['sum by (shard) (spillway_unaccounted_events{shard=~"$shard"})', "shard {{shard}}"]],
    alert: "SpillwayEventsUnaccounted",
  },
  {
    title: "Duplicates that were dropped",
    unit: "cps",
    says: "Repeats of an id within an hour. Many: a producer does not see our answers in time.",
    queries: [
      ['sum by (shard) (rate(spillway_events_duplicate_total{shard=~"$shard"}[$__rate_interval]))', "shard {{shard}}"],
    ],
  },
];

const postgres: readonly PanelSpec[] = [
  {
    title: "Rows drained",
    width: 6,
    unit: "cps",
    says: "From the outbox into the stream. Zero while the outbox has rows: Redis is weak or down, or no relay has the shard.",
    queries: [
      ['sum by (shard) (rate(spillway_drained_rows_total{shard=~"$shard"}[$__rate_interval]))', "shard {{shard}}"],
    ],
  },
  {
    title: "Oldest row of the outbox",
    width: 6,
    unit: "s",
    says: "Older than a minute while Redis answers: the drain is behind.",
    queries: [["max(spillway_outbox_oldest_age_seconds)", "waits"]],
    alert: "SpillwayEventsWait",
  },
  {
    title: "Copies",
    width: 6,
    unit: "bytes",
    says: "Of events that are to be in both tiers, until they are in Kafka and the sweep has passed.",
    queries: [["max(spillway_copies_bytes)", "copies"]],
  },
  {
    title: "Dead letters",
    width: 6,
    unit: "cps",
    says: "Events that became one. The dashboard has each with its error.",
    queries: [["sum by (class) (rate(spillway_dead_letters_total[$__rate_interval]))", "{{class}}"]],
    pages: ["SpillwayDeadLettersGrow"],
    nothing: "none",
  },
];

/** From a shard's stream to Kafka. */
export const relay: DashboardSpec = {
  uid: "spillway-relay",
  title: "Spillway: relay",
  says: "Which topic, which lane, which shard: from a stream to Kafka, and what Postgres keeps for it.",
  choices: {
    topic: "label_values(spillway_event_age_seconds_count, topic)",
    shard: "label_values(spillway_shard_owned, shard)",
  },
  rows: { Topics: topics, Shards: shards, "In Postgres": postgres },
};
