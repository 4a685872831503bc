import type { DashboardSpec } from "./dashboard.ts";
import type { PanelSpec } from "./panel.ts";

const isUp = { 0: "down", 1: "up" };

const lost: readonly PanelSpec[] = [
  {
    title: "Alerts that fire",
    as: "stat",
    width: 6,
    unit: "short",
    says: "Begin here. Each alert has a page of its name under libs/telemetry/runbook; Alertmanager has the causes without what only follows from them.",
    queries: [['count by (alertname) (ALERTS{alertstate="firing", alertname=~"Spillway.*"})', "{{alertname}}"]],
    redFrom: 1,
    nothing: "none",
  },
  {
    title: "Unaccounted events",
    as: "stat",
    width: 4,
    unit: "short",
    says: "Acknowledged, and neither pending, relayed nor dead. More than 0 is a loss until somebody has looked: what happened to Redis, and tell the producers.",
    queries: [["sum(spillway_unaccounted_events)", "events"]],
    alert: "SpillwayEventsUnaccounted",
  },
  {
    title: "Broken promises",
    as: "stat",
    width: 4,
    unit: "short",
    says: "1 while a setting of the server behind a tier breaks the promise that a 202 is on disk: set it back there.",
    queries: [['max by (tier) (spillway_tier_promise{state=~"broken|mending"})', "{{tier}}"]],
    alert: "SpillwayDurabilityBroken",
    words: { 0: "kept", 1: "broken" },
  },
  {
    title: "Dead letters",
    as: "stat",
    width: 6,
    unit: "short",
    says: "Wait for a decision: replay or discard them on the dashboard. Ten more of a class within ten minutes is an alert.",
    queries: [["sum by (class) (spillway_dead_letters_waiting)", "{{class}}"]],
    pages: ["SpillwayDeadLettersGrow"],
  },
  {
    title: "Oldest dead letter",
    as: "stat",
    width: 4,
    unit: "s",
    says: "Somebody has to decide about it: replay it when its cause is gone, or discard it.",
    queries: [["max(spillway_dead_letters_oldest_age_seconds)", "waits"]],
    alert: "SpillwayDeadLettersWait",
  },
];

const waiting: readonly PanelSpec[] = [
  {
    title: "Oldest event by place",
    unit: "s",
    says: "Where the oldest event is. stream: the relay is behind or stands still. outbox: rows that nobody drains. parked: its topic takes nothing.",
    queries: [["max by (place) (spillway_oldest_event_age_seconds)", "{{place}}"]],
    alert: "SpillwayEventsWait",
  },
  {
    title: "Oldest event by shard",
    unit: "s",
    says: "All shards: Kafka, Redis or every relay. One of them: its relay, or a lane of it; look at the row below.",
    queries: [
      [
        'max by (shard) ({__name__=~"spillway_oldest_event_age_seconds|spillway_shard_oldest_age_seconds"})',
        "shard {{shard}}",
      ],
    ],
    alert: "SpillwayEventsWait",
  },
  {
    title: "Events that wait",
    unit: "short",
    says: "In Redis, in Postgres as the fallback, and put aside there because of their topic. An outbox that grows for ten minutes is an alert: why do events go there?",
    queries: [
      ["sum(spillway_shard_backlog_events)", "stream"],
      ["max(spillway_outbox_events)", "outbox"],
      ["sum by (topic) (spillway_parked_events)", "parked, {{topic}}"],
    ],
    pages: ["SpillwayOutboxGrows", "SpillwayParkedGrows"],
  },
];

const troubled: readonly PanelSpec[] = [
  {
    title: "Dependencies",
    as: "stat",
    width: 6,
    unit: "none",
    says: "Whether the last question was answered, by the worst of the apps. Mend the server or the way to it; nothing is to be done in Spillway.",
    queries: [["min by (dependency) (spillway_dependency_up)", "{{dependency}}"]],
    alert: "SpillwayDependencyDown",
    words: isUp,
  },
  {
    title: "Apps",
    as: "stat",
    width: 6,
    unit: "none",
    says: "Whether Prometheus reaches each: is the process there, is its METRICS_TOKEN right?",
    queries: [['up{job="spillway"}', "{{instance}}"]],
    alert: "SpillwayTargetDown",
    words: isUp,
  },
  {
    title: "Breakers",
    as: "stat",
    width: 6,
    unit: "none",
    says: "open: an edge does not write to this tier. From that edge's machine, does Redis or Postgres answer, and in time?",
    queries: [['min by (tier) (spillway_breaker_state{state="closed"})', "{{tier}}"]],
    alert: "SpillwayBreakerOpen",
    words: { 0: "open", 1: "closed" },
  },
  {
    title: "Shards without an owner",
    as: "stat",
    width: 6,
    unit: "none",
    says: "No relay has the lease: is one there, does it take any, do all have the same SHARDS?",
    queries: [["min by (shard) (spillway_shard_has_owner)", "shard {{shard}}"]],
    alert: "SpillwayShardWithoutOwner",
    words: { 0: "none", 1: "owned" },
  },
  {
    title: "Topics that stand still",
    width: 12,
    unit: "s",
    says: "For how long Kafka has taken nothing of it, or of a partition. The state and the code are in /readyz of the relay.",
    queries: [['max by (topic, state) (spillway_trouble_seconds{topic!=""})', "{{topic}}, {{state}}"]],
    alert: "SpillwayTopicStandsStill",
    nothing: "no topic stands still",
  },
  {
    title: "Shards and loops that stand still",
    width: 12,
    unit: "s",
    says: "For a reason that is not a topic's; the runbook has what to do for each state.",
    queries: [['max by (state) (spillway_trouble_seconds{topic=""})', "{{state}}"]],
    alert: "SpillwayShardStandsStill",
    nothing: "nothing stands still",
  },
];

const ingest: readonly PanelSpec[] = [
  {
    title: "Events in and out",
    unit: "cps",
    says: "Accepted by a shard, confirmed by Kafka, dead. Relayed below accepted for minutes: the relay is behind, see Oldest event.",
    queries: [
      ["sum(rate(spillway_events_accepted_total[$__rate_interval]))", "accepted"],
      ["sum(rate(spillway_events_relayed_total[$__rate_interval]))", "relayed"],
      ["sum(rate(spillway_events_dead_total[$__rate_interval]))", "dead"],
    ],
  },
  {
    title: "Refused events",
    unit: "cps",
    says: "Not stored, to be sent again. overloaded: more edges or a faster tier; unavailable: no tier took it. Who is beyond a quota has a panel of its own.",
    queries: [["sum by (code) (rate(spillway_events_refused_total[$__rate_interval]))", "{{code}}"]],
    alert: "SpillwayEventsRefused",
    nothing: "none",
  },
  {
    title: "Requests with a 5xx",
    unit: "percentunit",
    says: "Of the ingest's; 99.99 % of 30 days may have none. The line is where a month's budget is gone in two days; another alert names the cause nearly always.",
    queries: [
      ["spillway:ingest_errors:ratio_rate5m", "5 minutes"],
      ["spillway:ingest_errors:ratio_rate1h", "an hour"],
    ],
    alert: "SpillwayIngestBudgetBurnsFast",
    pages: ["SpillwayIngestBudgetBurnsSlowly"],
    nothing: "none",
  },
  {
    title: "From request to answer",
    unit: "s",
    says: "What a client waits. It follows the append: slow disks under Redis's AOF or Postgres's WAL; the edge dashboard has both tiers.",
    queries: [
      [
        'histogram_quantile(0.5, sum by (le) (rate(spillway_http_request_seconds_bucket{route=~"/v1/(events|batch)"}[$__rate_interval])))',
        "half",
      ],
      [
        'histogram_quantile(0.99, sum by (le) (rate(spillway_http_request_seconds_bucket{route=~"/v1/(events|batch)"}[$__rate_interval])))',
        "99 %",
      ],
    ],
  },
  {
    title: "From ingest to Kafka",
    unit: "s",
    says: "Of the events that Kafka confirmed; what waits now is in Oldest event. Where traces are on, a point leads to one of the events.",
    queries: [
      [
        "histogram_quantile(0.99, sum by (le, topic) (rate(spillway_event_age_seconds_bucket[$__rate_interval])))",
        "99 % of {{topic}}",
      ],
    ],
    hasTraces: true,
  },
  {
    title: "Beyond a quota",
    unit: "cps",
    says: "By the name of the key. Talk to the sender, or raise its API_KEY_QUOTAS.",
    queries: [["sum by (key) (rate(spillway_quota_refused_total[$__rate_interval]))", "{{key}}"]],
    nothing: "nobody",
  },
];

/** What is there, and its share of what may be, each with the limit that it is compared with. */
const fill = (of: string, what: string, unit: "events" | "bytes") =>
  `label_replace(${what}, "of", "${of}", "", "") / on (of) min by (of) (spillway_limit_${unit})`;
const hourAhead = (metric: string) => `predict_linear(${metric}[15m], 3600)`;

const limits: readonly PanelSpec[] = [
  {
    title: "Full, by events",
    unit: "percentunit",
    says: "Of its limit, the fullest one. A full backlog overflows into the outbox, a full outbox or queue answers 429. Mend why it fills, then raise the limit.",
    queries: [
      [fill("queue", "max(spillway_queue_events)", "events"), "queue of an edge"],
      [fill("backlog", "max(spillway_shard_backlog_events)", "events"), "stream of a shard"],
      [fill("outbox", "max(spillway_outbox_events)", "events"), "outbox"],
      [fill("parked", "max(sum by (topic) (spillway_parked_events))", "events"), "parked of a topic"],
    ],
    alert: "SpillwayFullSoon",
    redFrom: 1,
  },
  {
    title: "Full, by bytes",
    unit: "percentunit",
    says: "The same by bytes; the limit that is reached first counts.",
    queries: [
      [fill("queue", "max(spillway_queue_bytes)", "bytes"), "queue of an edge"],
      [fill("backlog", "max(spillway_shard_backlog_bytes)", "bytes"), "stream of a shard"],
      [fill("outbox", "max(spillway_outbox_bytes)", "bytes"), "outbox"],
      [fill("parked", "max(sum by (topic) (spillway_parked_bytes))", "bytes"), "parked of a topic"],
    ],
    alert: "SpillwayFullSoon",
    redFrom: 1,
  },
  {
    title: "Full in an hour, as it fills now",
    unit: "percentunit",
    says: "The alert's own forecast. Above 1 there is less than an hour: slow a sender (API_KEY_QUOTAS) or raise the limit while there is room.",
    queries: [
      [fill("backlog", `max(${hourAhead("spillway_shard_backlog_bytes")})`, "bytes"), "stream of a shard"],
      [fill("outbox", `max(${hourAhead("spillway_outbox_bytes")})`, "bytes"), "outbox"],
      [fill("parked", `max(sum by (topic) (${hourAhead("spillway_parked_bytes")}))`, "bytes"), "parked of a topic"],
    ],
    alert: "SpillwayFullSoon",
    redFrom: 1,
  },
];

const resources: readonly PanelSpec[] = [
  {
    title: "CPU",
    unit: "percentunit",
    says: "Of one core; an app uses one for its own code. Near 1: start another edge or relay, the shards divide themselves.",
    queries: [['rate(process_cpu_seconds_total{job="spillway"}[$__rate_interval])', "{{app}} {{instance}}"]],
  },
  {
    title: "Memory",
    unit: "bytes",
    says: "Resident. The limits above bound what an app holds; what grows without them is a bug: take a heap snapshot and restart that one app, nothing is lost.",
    queries: [['process_resident_memory_bytes{job="spillway"}', "{{app}} {{instance}}"]],
  },
  {
    title: "Event loop lag",
    unit: "s",
    says: "How late a timer is. Tens of milliseconds: the process has no CPU, or somebody sends the largest bodies there are.",
    queries: [['nodejs_eventloop_lag_seconds{job="spillway"}', "{{app}} {{instance}}"]],
  },
];

/** For who was woken: from what was promised down to what it runs on. */
export const overview: DashboardSpec = {
  uid: "spillway",
  title: "Spillway",
  says: "Read it from the top: lost, waiting, who is in trouble, what clients see, limits, resources.",
  rows: {
    "Is anything lost?": lost,
    "Is anything waiting: where, and since when?": waiting,
    "Who is in trouble?": troubled,
    "What clients see": ingest,
    "Limits, and what fills them": limits,
    Resources: resources,
  },
};
