import type { DashboardSpec } from "./dashboard.ts";
import type { PanelSpec } from "./panel.ts";

const requests: readonly PanelSpec[] = [
  {
    title: "Requests by status",
    unit: "reqps",
    says: "Of the edges that are chosen above. One edge of several has the 5xx: take it out of the balancer.",
    queries: [
      [
        'sum by (route, status) (rate(spillway_http_requests_total{instance=~"$instance"}[$__rate_interval]))',
        "{{route}} {{status}}",
      ],
    ],
  },
  {
    title: "Requests refused as a whole",
    unit: "reqps",
    says: "By the code of the answer; the table of codes is in apps/edge/README.md. unauthorized: a key that was changed on one side only.",
    queries: [
      ['sum by (code) (rate(spillway_http_problems_total{instance=~"$instance"}[$__rate_interval]))', "{{code}}"],
    ],
    nothing: "none",
  },
  {
    title: "Events that are wrong",
    unit: "cps",
    says: "May not be sent again as they are. One code that rises after somebody's deploy: tell that producer.",
    queries: [
      ['sum by (code) (rate(spillway_events_invalid_total{instance=~"$instance"}[$__rate_interval]))', "{{code}}"],
    ],
    nothing: "none",
  },
  {
    title: "99 % of the answers, by edge",
    unit: "s",
    says: "One edge that is slower than the others: its machine or its way to Redis.",
    queries: [
      [
        'histogram_quantile(0.99, sum by (le, instance) (rate(spillway_http_request_seconds_bucket{instance=~"$instance"}[$__rate_interval])))',
        "{{instance}}",
      ],
    ],
  },
];

const tiers: readonly PanelSpec[] = [
  {
    title: "Events by tier",
    unit: "cps",
    says: "outbox above zero: the stream is refused, slow, full or diverted; see Breakers and Diverted shards. duplicate: clients repeat what was stored.",
    queries: [
      [
        'sum by (tier, status) (rate(spillway_events_ingested_total{instance=~"$instance"}[$__rate_interval]))',
        "{{tier}}, {{status}}",
      ],
    ],
  },
  {
    title: "99 % of the appends",
    unit: "s",
    says: "Near STREAM_DEADLINE_MS or OUTBOX_DEADLINE_MS it answers too late: the disk under the AOF or the WAL.",
    queries: [
      [
        'histogram_quantile(0.99, sum by (le, tier) (rate(spillway_tier_append_seconds_bucket{instance=~"$instance"}[$__rate_interval])))',
        "{{tier}}",
      ],
    ],
    pages: ["SpillwayBreakerOpen"],
  },
  {
    title: "Appends by outcome",
    unit: "cps",
    says: "What is not confirmed goes to the other tier, or the client is told to come back.",
    queries: [
      [
        'sum by (tier, outcome) (rate(spillway_tier_append_seconds_count{instance=~"$instance"}[$__rate_interval]))',
        "{{tier}}, {{outcome}}",
      ],
    ],
  },
  {
    title: "Breakers",
    unit: "none",
    says: "1: closed. Of each edge, so that one that cannot write is seen among those that can.",
    queries: [['spillway_breaker_state{state="closed", instance=~"$instance"}', "{{tier}} of {{instance}}"]],
    alert: "SpillwayBreakerOpen",
    words: { 0: "open", 1: "closed" },
  },
  {
    title: "Diverted shards",
    unit: "short",
    says: "Their events go to the outbox until it is empty again; for minutes: the drain is behind.",
    queries: [['spillway_shards_diverted{instance=~"$instance"}', "{{instance}}"]],
    pages: ["SpillwayOutboxGrows"],
  },
  {
    title: "Events of an append",
    unit: "short",
    says: "On average. Large: appends are slow and many events wait for each; that is what batching is for.",
    queries: [
      [
        'sum by (instance) (rate(spillway_commit_events_sum{instance=~"$instance"}[$__rate_interval])) / sum by (instance) (rate(spillway_commit_events_count{instance=~"$instance"}[$__rate_interval]))',
        "{{instance}}",
      ],
    ],
  },
];

const memory: readonly PanelSpec[] = [
  {
    title: "Events in memory",
    width: 12,
    unit: "short",
    says: "Wait for their answer. At the limit the edge answers 429 overloaded: more edges, or a faster tier.",
    queries: [
      ['spillway_queue_events{instance=~"$instance"}', "{{instance}}"],
      ['spillway_limit_events{of="queue", instance=~"$instance"}', "limit"],
    ],
  },
  {
    title: "Bytes in memory",
    width: 12,
    unit: "bytes",
    says: "The same in bytes.",
    queries: [
      ['spillway_queue_bytes{instance=~"$instance"}', "{{instance}}"],
      ['spillway_limit_bytes{of="queue", instance=~"$instance"}', "limit"],
    ],
  },
];

/** From a request to the tier that took it. */
export const edge: DashboardSpec = {
  uid: "spillway-edge",
  title: "Spillway: edge",
  says: "One edge against the others: its answers, its tiers, its memory.",
  choices: { instance: "label_values(spillway_queue_events, instance)" },
  rows: { Requests: requests, Tiers: tiers, Memory: memory },
};
