import { noMetrics } from "@spillway/telemetry";
import { describe, expect, test } from "vitest";
import { createStage } from "./stage.fixture.ts";

const shown = () => {
  const values = new Map<string, number>();
  type Labels = Readonly<Record<string, string>>;
  const keyOf = (name: string, labels: Labels = {}) => `${name} ${Object.values(labels).join()}`.trim();
  const gauge = (name: string) => ({
    set: (value: number, labels?: Labels) => void values.set(keyOf(name, labels), value),
    remove: (labels?: Labels) => void values.delete(keyOf(name, labels)),
  });
  /** What Prometheus would take for a new beginning. */
  const total = (name: string) => ({
    ...gauge(name),
    set: (value: number, labels?: Labels) => {
      if (value < (values.get(keyOf(name, labels)) ?? 0)) falls.push(`${keyOf(name, labels)} fell to ${value}`);
      gauge(name).set(value, labels);
    },
  });
  const falls: string[] = [];
  const metrics = { ...noMetrics, gauge, total };
  return { values, falls, metrics };
};

describe("the checkpoint", () => {
  test("shows accepted = relayed + dead + pending, and how old the oldest is", async () => {
    const stage = createStage();
    const { values, metrics } = shown();
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    stage.start("r1", { metrics });
    await stage.post(["a", "b"]);
    await stage.clock.advance(10_000);
    const of = (name: string) => values.get(`spillway_${name} 0`);
    const account = () =>
      ["accepted_total", "relayed_total", "dead_total", "pending"].map((name) => of(`events_${name}`));
    expect(account()).toEqual([2, 0, 0, 2]);
    expect(of("shard_oldest_age_seconds")).toBeGreaterThan(8);
    expect(of("shard_oldest_age_seconds")).toBeLessThanOrEqual(10);
    stage.broker.answer = () => null;
    await stage.until(() => of("events_relayed_total") === 2);
    expect([of("events_pending"), of("shard_oldest_age_seconds")]).toEqual([0, 0]);
  });

  test("counts what is parked as pending, what came out of there as relayed, and nothing twice at a takeover", async () => {
    const stage = createStage();
    const { values, falls, metrics } = shown();
    stage.world.topics.create("bad", { partitions: 1 });
    stage.world.topics.fault("bad", { kind: "retriable", code: "topic_authorization_failed", pause: true });
    const routes = { topicNames: ["events", "bad"], topicOf: (type: string) => (type === "bad" ? "bad" : "events") };
    const { stop } = stage.start("r1", { metrics }, routes);
    await stage.post(["a", "b"]);
    await stage.post(["c", "d", "e"], "k", "bad");
    const account = () =>
      ["accepted_total", "relayed_total", "dead_total", "pending"].map((name) =>
        values.get(`spillway_events_${name} 0`),
      );
    await stage.until(() => values.get("spillway_parked_events bad,0") === 3);
    await stage.clock.advance(2_000);
    expect(account()).toEqual([5, 2, 0, 3]);
    expect(values.get("spillway_shard_backlog_events 0")).toBe(0);
    stage.world.topics.fault("bad", null);
    await stage.until(() => values.get("spillway_parked_events bad,0") === 0, 60_000);
    await stage.clock.advance(2_000);
    expect(account()).toEqual([5, 5, 0, 0]);
    expect(falls).toEqual([]);
    await stop();
    stage.world.outages.start("postgres");
    const next = shown();
    stage.start("r2", { metrics: next.metrics }, routes);
    await stage.until(() => next.values.get("spillway_events_accepted_total 0") === 5);
    expect(next.values.get("spillway_events_pending 0")).toBe(0);
  });

  test("a shard that went to another relay is shown by that one only", async () => {
    const stage = createStage();
    const { values, metrics } = shown();
    const { relay, stop } = stage.start("r1", { metrics });
    await stage.post(["a"]);
    await stage.until(() => values.get("spillway_events_relayed_total 0") === 1);
    await stop();
    expect(relay.state().shards).toEqual([]);
    // Zero would be a new beginning.
    expect(values.has("spillway_events_relayed_total 0")).toBe(false);
    expect(values.get("spillway_shard_owned 0")).toBe(0);
  });

  test("goes on without Postgres, and copies again when it is back", async () => {
    const stage = createStage();
    const ledger = stage.world.ledger;
    let copies = 0;
    const checkpoint: typeof ledger.checkpoint = (...given) => {
      copies++;
      return ledger.checkpoint(...given);
    };
    const { relay } = stage.start("r1", { ledger: { ...ledger, checkpoint } });
    await stage.until(() => copies === 2);
    stage.world.outages.start("postgres", "refused");
    await stage.until(() => relay.state().dependencies.postgres.status === "down");
    await stage.post(["a"]);
    await stage.until(() => stage.ids().length === 1);
    stage.world.outages.end("postgres");
    await stage.until(() => relay.state().dependencies.postgres.status === "up");
  });

  test("a relay whose copies come behind those of a higher token takes its lease above it", async () => {
    const stage = createStage();
    const higher = stage.clock.wallMs() + 1_000_000;
    const lease = { shard: 0, owner: "before Redis was emptied", token: higher };
    const counts = await stage.world.shardStream.counts(0);
    await stage.world.ledger.checkpoint(lease, 1, { counts, losses: null });
    const { relay } = stage.start("r1");
    await stage.until(() => (relay.state().shards[0]?.token ?? 0) > higher);
    expect(stage.logged("lease.ended").map(({ fields }) => fields.code)).toEqual(["outranked"]);
    await stage.clock.advance(3_000);
    expect(stage.logged("lease.ended")).toHaveLength(1);
  });

  test("a relay whose lease is over copies nothing: its late copy would look like an emptied Redis", async () => {
    const stage = createStage();
    const shardStream = stage.world.shardStream;
    const { ledger, leases } = stage.world;
    let copies = 0;
    const counts: typeof shardStream.counts = async (shard) => {
      const answer = await shardStream.counts(shard);
      await stage.clock.sleep(20_000);
      return answer;
    };
    stage.start("frozen", {
      shardStream: { ...shardStream, counts },
      leases: { ...leases, renew: () => new Promise<boolean>(() => undefined), take: once(leases.take) },
      ledger: {
        ...ledger,
        checkpoint: (...given) => {
          copies++;
          return ledger.checkpoint(...given);
        },
      },
    });
    await stage.until(() => stage.logged("lease.ended").length === 1);
    await stage.clock.advance(40_000);
    expect(copies).toBe(0);
  });
});

/** Takes the shard the first time, and finds it taken afterwards. */
const once = <A extends unknown[], T>(take: (...given: A) => Promise<T | null>) => {
  let taken = false;
  return (...given: A): Promise<T | null> => {
    if (taken) return Promise.resolve(null);
    taken = true;
    return take(...given);
  };
};
