import type { ShardRow, SightPorts, Sights } from "./ports.ts";
import type { EdgeReadiness } from "./sights/edges.ts";
import type { RelayReadiness } from "./sights/relays.ts";

/* Sights of a Spillway on which nothing is wrong, and what tests change of it. */

export const soundShard = (shard: number, known: Partial<NonNullable<ShardRow["known"]>> = {}): ShardRow => ({
  shard,
  known: {
    backlogEvents: 0,
    backlogBytes: 0,
    oldestAgeMs: null,
    relayed: 5,
    dead: 1,
    parked: 0,
    owner: "relay-a",
    divertedForMs: null,
    ...known,
  },
});

const tier = { status: "up", warnings: [], promise: { state: "kept" }, for_ms: 60_000 } as const;

export const soundEdge: EdgeReadiness = {
  status: "up",
  checks: { stream: tier, outbox: tier },
  events_go_to: "stream",
  diverted_shards: 0,
  refusals: { requests: 0, runs: [] },
  limits: {
    backlog_events_max: 1_000,
    backlog_bytes_max: 1_000_000,
    outbox_events_max: 5_000,
    outbox_bytes_max: 5_000_000,
  },
};

const up = { status: "up", for_ms: 60_000 } as const;

export const soundRelay: RelayReadiness = {
  status: "up",
  relay: "relay-a",
  checks: { redis: up, postgres: up, kafka: { ...up, unanswered_ms: 0 } },
  kafka: { brokers: ["10.0.0.5:9092"], topics: ["events"] },
  shards: [],
  troubles: [],
  warnings: [],
};

export const soundSights: Sights = {
  shards: [soundShard(0), soundShard(1)],
  outbox: [],
  edges: [{ at: "edge:3000", said: soundEdge }],
  relays: [{ at: "relay:3001", said: soundRelay }],
  parked: [],
  accounts: { unaccounted: 0, possible: 0, checkpointAgeMs: 900 },
  totals: {
    byClass: { poison: 0, oversize: 0, rejected: 0, undecodable: 0 },
    total: 0,
    capped: false,
    oldestAtMs: null,
  },
  openJobs: [],
  groups: { groups: [], lags: [] },
};

/** Ports that answer these sights, each time as they are then. */
export const askersOf = (sights: () => Sights): SightPorts => ({
  shards: async () => sights().shards,
  outbox: async () => sights().outbox,
  edges: async () => sights().edges,
  relays: async () => sights().relays,
  parked: async () => sights().parked,
  accounts: async () => sights().accounts,
  totals: async () => sights().totals,
  openJobs: async () => sights().openJobs,
  groups: async () => sights().groups,
});
