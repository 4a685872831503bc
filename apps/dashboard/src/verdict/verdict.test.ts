import { describe, expect, test } from "vitest";
import type { Sights } from "../ports.ts";
import type { TierRow } from "../sights/edges.ts";
import type { RelayTrouble } from "../sights/relays.ts";
import { soundEdge, soundRelay, soundShard, soundSights } from "../sights.fixture.ts";
import { accountOfAll } from "../watch/account.ts";
import { capacityOf } from "../watch/capacity.ts";
import { judge } from "./verdict.ts";

const NOW_MS = 10_000_000;

const judged = (change: Partial<Sights>, rates = { inPerSecond: 0, outPerSecond: 0 }) => {
  const sights = { ...soundSights, ...change };
  const account = accountOfAll(sights, NOW_MS);
  return judge({ ...sights, atMs: NOW_MS, account, flow: rates, capacity: capacityOf(sights, account, rates) });
};
const linesOf = (...args: Parameters<typeof judged>) =>
  judged(...args).troubles.map(({ level, what }) => `${level}: ${what}`);

const edge = (change: Partial<typeof soundEdge>) => ({ edges: [{ at: "e:1", said: { ...soundEdge, ...change } }] });
const tiers = (change: Partial<Record<"stream" | "outbox", Partial<TierRow>>>) =>
  edge({
    checks: {
      stream: { ...soundEdge.checks.stream, ...change.stream },
      outbox: { ...soundEdge.checks.outbox, ...change.outbox },
    },
  });
const relay = (change: Partial<typeof soundRelay>) => ({ relays: [{ at: "r:1", said: { ...soundRelay, ...change } }] });
const still = (...troubles: RelayTrouble[]) => relay({ troubles });
const kafkaDown = (code: string) =>
  relay({ checks: { ...soundRelay.checks, kafka: { status: "down", code, for_ms: 28_000, unanswered_ms: 0 } } });
const noPostgres = { outbox: null, parked: null, accounts: null, totals: null };
const noRedis = { shards: [0, 1].map((shard) => ({ shard, known: null })) };
const groupsThatStand = (...forMs: readonly (number | null)[]): Sights["groups"] => ({
  groups: forMs.map((_, i) => `g${i}`),
  lags: forMs.map((ms, i) => ({
    group: `g${i}`,
    topic: "events",
    unknown: ms === null ? "not_answered" : null,
    records: ms && 5,
    committed: ms && 7,
    stillSinceMs: ms && NOW_MS - ms,
  })),
});
const lot = { shard: 0, topic: "orders", token: 1, code: "not_leader", bytes: 1, died: 0, events: 20 };

describe("the verdict", () => {
  test.each<readonly [name: string, sights: Partial<Sights>, said: readonly string[]]>([
    ["nothing is wrong", {}, []],
    ["an event is on its way", { shards: [soundShard(0, { backlogEvents: 1, oldestAgeMs: 900 }), soundShard(1)] }, []],
    [
      "an event waits and nobody says why",
      { shards: [soundShard(0, { backlogEvents: 1, oldestAgeMs: 11_000 })] },
      ["degraded: Events wait, and nobody says why"],
    ],
    [
      "an event waits in the outbox",
      { outbox: [{ shard: 0, rows: 1, events: 1, oldestAtMs: NOW_MS - 12_000, exact: true }] },
      ["degraded: Events wait in Postgres to enter Redis"],
    ],
    [
      "a consumer group reads nothing for a minute, another one for less, and one of which nothing is known",
      { groups: groupsThatStand(60_000, 59_999, null) },
      ["todo: Consumer group g0 reads nothing of events"],
    ],
    ["no relay is named in the settings", { relays: [] }, ["unknown: No relay is asked, so nobody says how Kafka is"]],
    [
      "no relay answers, but one holds leases",
      { relays: [{ at: "r:1", said: null }] },
      ["unknown: The relay at r:1 does not answer"],
    ],
    [
      "no relay answers or holds a lease",
      { relays: [{ at: "r:1", said: null }], shards: [soundShard(0, { owner: null })] },
      ["broken: The relay at r:1 does not answer"],
    ],
    [
      "one of two relays does not answer",
      { relays: [...soundSights.relays, { at: "r:2", said: null }] },
      ["degraded: The relay at r:2 does not answer"],
    ],
    ["Kafka does not answer", kafkaDown("timeout"), ["broken: Kafka 10.0.0.5:9092 does not answer (timeout)"]],
    [
      "a question to Kafka has no answer for long",
      relay({ checks: { ...soundRelay.checks, kafka: { status: "up", for_ms: 9_000, unanswered_ms: 1_600 } } }),
      ["broken: Kafka 10.0.0.5:9092 does not answer (no answer yet)"],
    ],
    [
      "Kafka does not answer one of two relays",
      { relays: [...soundSights.relays, ...kafkaDown("timeout").relays] },
      ["degraded: Kafka 10.0.0.5:9092 does not answer the relay relay-a (timeout)"],
    ],
    [
      "Kafka refuses the login",
      kafkaDown("sasl_authentication_failed"),
      ["broken: Kafka 10.0.0.5:9092 refuses the relay (the relay cannot log in)"],
    ],
    [
      "a lane stands still",
      still({ state: "retrying", code: "not_enough_replicas", topic: "events", partition: 0, forMs: 1_500 }),
      ["degraded: Topic events stands still: too few of its replicas are there (not_enough_replicas)"],
    ],
    [
      "a lane stands still for a moment",
      still({ state: "retrying", code: "x", topic: "t", partition: 0, forMs: 999 }),
      [],
    ],
    [
      "a topic is missing",
      still({ state: "topic", code: "unknown_topic_or_partition", shard: 1, topic: "events", forMs: 3_000 }),
      ["degraded: Topic events stands still: it does not exist (unknown_topic_or_partition)"],
    ],
    [
      "topics are parked",
      {
        parked: [
          { ...lot, sinceMs: 5 },
          { ...lot, shard: 1, sinceMs: 9 },
          { ...lot, topic: "users", sinceMs: 0, events: 0 },
        ],
      },
      ["degraded: Topic orders takes nothing: not leader (not_leader)"],
    ],
    ["Redis does not answer", noRedis, ["broken: Redis does not answer"]],
    ["Postgres does not answer", noPostgres, ["degraded: Postgres does not answer"]],
    [
      "one question to Postgres is too slow",
      { totals: null },
      ["unknown: Postgres does not say how many dead letters wait"],
    ],
    [
      "a shard has no relay",
      { shards: [soundShard(0, { owner: null, backlogEvents: 3, oldestAgeMs: 5 })] },
      ["broken: No relay has shard 0"],
    ],
    ["an empty shard has no relay", { shards: [soundShard(0, { owner: null })] }, []],
    ["the edge does not answer", { edges: [{ at: "e:1", said: null }] }, ["broken: The edge at e:1 does not answer"]],
    [
      "the edge cannot write to Redis",
      tiers({ stream: { status: "down" } }),
      ["degraded: The edge at e:1 does not write to Redis"],
    ],
    [
      "the edge can write to neither",
      tiers({ stream: { status: "down" }, outbox: { status: "down", warnings: ["full"] } }),
      ["broken: The edge at e:1 does not write to Redis", "broken: The edge at e:1 does not write to Postgres (full)"],
    ],
    [
      "a setting breaks a promise",
      tiers({ stream: { warnings: ["appendonly is no"] } }),
      ["degraded: An edge warns: appendonly is no"],
    ],
    [
      "clients are refused",
      edge({ refusals: { requests: 9, runs: [{ code: "backlog_full", requests: 7, for_ms: 4_000, last_ms_ago: 1 }] } }),
      ["broken: 7 requests were refused (429: Redis and Postgres are full)"],
    ],
    [
      "a key is beyond its quota",
      edge({ refusals: { requests: 9, runs: [{ code: "quota_exceeded", requests: 1, for_ms: 1, last_ms_ago: 1 }] } }),
      ["todo: 1 request was refused (429: a key sends more than its quota)"],
    ],
    [
      "Redis is nearly full",
      { shards: [soundShard(0, { backlogEvents: 850, oldestAgeMs: 5 })] },
      ["degraded: A shard of Redis is full to 85 %"],
    ],
    [
      "events were lost",
      { accounts: { unaccounted: 12, possible: 3, checkpointAgeMs: 0 } },
      ["broken: 12 events were accepted, and nobody knows where they are"],
    ],
    [
      "an edge died together with Redis",
      { accounts: { unaccounted: 0, possible: 3, checkpointAgeMs: 0 } },
      ["todo: 3 events may be lost, of an edge that died when Redis lost data"],
    ],
    [
      "nobody writes the accounts",
      { accounts: { unaccounted: 0, possible: 0, checkpointAgeMs: 16_000 } },
      ["degraded: The relays do not copy the counters of a shard to Postgres"],
    ],
    [
      "dead letters wait",
      {
        totals: {
          byClass: { poison: 0, oversize: 2, rejected: 0, undecodable: 0 },
          total: 2,
          capped: false,
          oldestAtMs: 1,
        },
      },
      ["todo: 2 dead letters wait for a decision"],
    ],
    [
      "a job has stopped by itself",
      {
        openJobs: [
          { id: "3", state: "running" },
          { id: "4", state: "stopped" },
        ],
      },
      ["todo: Job 4 stopped, since more of its letters died again than it may cost"],
    ],
    [
      "Postgres does not say which jobs there are",
      { openJobs: null },
      ["unknown: Postgres does not say which jobs are not over"],
    ],
  ])("when %s", (_name, change, said) => {
    expect(linesOf(change)).toEqual(said);
  });

  test.each([
    ["outbox", /^Events go by Postgres/],
    ["stream", /^A crash of Redis loses events/],
    ["nowhere", /^The edge refuses every event$/],
  ] as const)("says what follows from a Redis that does not keep what it takes: events go to the %s", (goTo, means) => {
    const promise = { state: "broken", because: ["appendonly"] } as const;
    const checks = { ...soundEdge.checks, stream: { ...soundEdge.checks.stream, promise } };
    expect(judged(edge({ events_go_to: goTo, checks })).troubles).toEqual([
      expect.objectContaining({ key: "promise", means: expect.stringMatching(means) }),
    ]);
  });

  test("does not tell what follows from a backend that is named, and says who is silent", () => {
    const trouble = { state: "retrying", code: "timeout", topic: "events", partition: 0, forMs: 9_000 };
    const down = { status: "down", code: "timeout", for_ms: 28_000, unanswered_ms: 0 } as const;
    const { troubles } = judged(relay({ troubles: [trouble], checks: { ...soundRelay.checks, kafka: down } }));
    expect(troubles).toMatchObject([{ key: "kafka", sinceMs: NOW_MS - 28_000 }]);
    const { troubles: frozen, silent } = judged({ ...noRedis, ...tiers({ stream: { status: "down", for_ms: 700 } }) });
    expect(frozen).toMatchObject([{ key: "redis", sinceMs: NOW_MS - 700 }]);
    expect([...silent]).toEqual(["redis"]);
  });

  test("says for how long it goes well, and what happens then", () => {
    const shards = [soundShard(0, { backlogEvents: 400, oldestAgeMs: 9 }), soundShard(1, { backlogEvents: 100 })];
    const [kafka] = judged({ shards, ...kafkaDown("timeout") }, { inPerSecond: 10, outPerSecond: 0 }).troubles;
    // Shard 0 has room for 600, which is 1.5 of what it holds: so all have for 750.
    expect(kafka?.next).toMatch(
      /Full in 75 s at this rate; then events go to Postgres, for 8 min more, then clients get 429/,
    );
    expect(kafka?.means).toBe("Nothing is lost: 500 events are safe in Redis");
  });
});
