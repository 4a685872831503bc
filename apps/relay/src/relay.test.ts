import type { Leases } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { createStage } from "./stage.fixture.ts";

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

describe("relaying", () => {
  test("an event reaches Kafka with its bytes, key, headers and the time of ingest, and leaves the stream", async () => {
    const stage = createStage();
    const { relay } = stage.start("r1");
    await stage.post(["a"], "order-1");
    await stage.until(() => stage.ids().length === 1);
    const [record] = stage.world.topics.get("events")?.partitions[0] ?? [];
    const [entry] = await stage.world.shardStream.read(0, "0", 1, 0);
    expect(record).toMatchObject({
      key: "order-1",
      headers: {
        "content-type": "application/cloudevents+json; charset=UTF-8",
        "spillway-entry": `0/${entry?.id}/0`,
        "spillway-attempt": "1",
      },
      timestampMs: expect.any(Number),
    });
    expect(new TextDecoder().decode(record?.value)).toBe('{"specversion":"1.0","id":"a","source":"s","type":"t"}');
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(await stage.world.shardStream.counts(0)).toMatchObject({
      accepted: 1,
      relayed: 1,
      dead: 0,
      backlogBytes: 0,
    });
  });

  test("keeps the order of the stream in each partition, also through faults", async () => {
    const stage = createStage({ shards: 4, partitions: 3 });
    let calls = 0;
    stage.broker.answer = () => (++calls % 3 === 0 ? { kind: "retriable", code: "not_leader_or_follower" } : null);
    stage.start("r1");
    for (let n = 0; n < 40; n++) await stage.post([`${n}`], `key-${n % 7}`);
    const all = () => [0, 1, 2].flatMap((partition) => stage.ids(partition));
    await stage.until(() => all().length === 40);
    for (const partition of [0, 1, 2])
      for (let key = 0; key < 7; key++) {
        const ofKey = stage.ids(partition).filter((id) => Number(id) % 7 === key);
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => Number(a) - Number(b)));
      }
  });

  test("events that were dropped as duplicates are not relayed", async () => {
    const stage = createStage();
    stage.start("r1");
    await stage.post(["a", "b", "a"]);
    await stage.post(["b", "c"]);
    await stage.until(() => stage.ids().length === 3);
    expect(stage.ids()).toEqual(["a", "b", "c"]);
  });

  test("holds no more in memory than it may, and goes on when there is room", async () => {
    const stage = createStage();
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    const { relay } = stage.start("r1", {}, { inFlightEventsMax: 10 });
    for (let n = 0; n < 50; n++) await stage.post([String(n)]);
    await stage.clock.advance(20_000);
    expect(relay.state().shards[0]?.entries).toBe(10);
    stage.broker.answer = () => null;
    await stage.until(() => stage.ids().length === 50);
    expect(stage.ids()).toEqual(numbers(0, 49));
  });
});

describe("leases", () => {
  test("live relays share the shards, and a new one gets its part", async () => {
    const stage = createStage({ shards: 4 });
    const first = stage.start("r1");
    await stage.until(() => first.relay.state().shards.length === 4);
    const second = stage.start("r2");
    const third = stage.start("r3");
    const held = () => [first, second, third].map(({ relay }) => relay.state().shards.length);
    await stage.until(() => held().join() === "2,1,1");
    await third.stop();
    await stage.until(() => held().join() === "2,2,0");
  });

  test("a killed relay's shards are taken over within 1.1 lease times, and nothing is lost", async () => {
    const stage = createStage({ shards: 2 });
    const first = stage.start("r1");
    const second = stage.start("r2");
    await stage.until(() => second.relay.state().shards.length === 1);
    stage.broker.latencyMs = 50;
    for (let n = 0; n < 20; n++) await stage.post([String(n)], `key-${n}`);
    await stage.clock.advance(60);
    first.kill();
    const killedAtMs = stage.clock.monotonicMs();
    await stage.until(() => second.relay.state().shards.length === 2);
    expect(stage.clock.monotonicMs() - killedAtMs).toBeLessThanOrEqual(5_500);
    await stage.until(() => new Set(stage.ids()).size === 20);
  });

  test("starts no send after its own deadline, however late it learns of the loss", async () => {
    const stage = createStage();
    const { leases } = stage.world;
    const never = <T>() => new Promise<T>(() => undefined);
    let taken = false;
    // Once the lease is taken, the server says nothing about leases any more: neither renewed nor lost.
    const silent: Leases = {
      ...leases,
      announce: (owner, ttlMs) => (taken ? never() : leases.announce(owner, ttlMs)),
      renew: never,
    };
    stage.start("zombie", { leases: silent });
    await stage.until(() => stage.logged("lease.taken").length === 1);
    taken = true;
    const takenAtMs = stage.clock.monotonicMs();
    for (let n = 0; stage.clock.monotonicMs() < takenAtMs + 6_000; n++) {
      await stage.post([String(n)]);
      await stage.clock.advance(20);
    }
    const lastAtMs = Math.max(...stage.publishes.map(({ atMs }) => atMs));
    expect(lastAtMs).toBeGreaterThan(takenAtMs + 4_000);
    expect(lastAtMs).toBeLessThan(takenAtMs + 4_500);
    expect(stage.logged("lease.ended")[0]?.fields.code).toBe("deadline");
  });

  test("a lease that was taken away stops the shard at once; the zombie's settle changes nothing", async () => {
    const stage = createStage();
    const { relay } = stage.start("r1");
    await stage.until(() => relay.state().shards[0]?.diversion === "ended");
    stage.broker.latencyMs = 400;
    await stage.post(["a"]);
    await stage.until(() => stage.publishes.length === 1);
    const mine = relay.state().shards[0]?.token;
    // The same owner's name: the lease moves on to a new token under the relay's feet.
    await stage.world.leases.take(0, "r1", 5_000);
    // The settle after the publish tells it, a second before the next renewal would.
    await stage.until(() => stage.logged("lease.ended").length === 1, 600);
    expect(stage.logged("lease.ended")[0]?.fields).toMatchObject({ code: "fenced" });
    await stage.until(() => (relay.state().shards[0]?.token ?? 0) > (mine ?? 0));
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    expect(await stage.pending()).toBe(0);
  });

  test("a lease that was taken away from an idle shard is noticed at the next renewal", async () => {
    const stage = createStage();
    const { relay } = stage.start("r1");
    await stage.until(() => relay.state().shards[0]?.diversion === "ended");
    await stage.world.leases.take(0, "r1", 5_000);
    await stage.until(() => stage.logged("lease.ended").length === 1, 2_000);
    expect(stage.logged("lease.ended")[0]?.fields).toMatchObject({ code: "fenced" });
  });

  test("what it knows to be confirmed is not published again when it gets its own lease back", async () => {
    const stage = createStage();
    let reachable = true;
    const shardStream = stage.world.shardStream;
    const settle: typeof shardStream.settle = async (lease, settled) => {
      if (!reachable) stage.world.outages.check("redis");
      return shardStream.settle(lease, settled);
    };
    const { relay } = stage.start("r1", { shardStream: { ...shardStream, settle } });
    await stage.until(() => relay.state().shards.length === 1);
    await stage.post(["a", "b"]);
    reachable = false;
    await stage.until(() => stage.ids().length === 2);
    stage.world.outages.start("redis");
    await stage.until(() => relay.state().shards.length === 0);
    stage.world.outages.end("redis");
    reachable = true;
    await stage.until(() => relay.state().shards[0]?.entries === 0);
    await stage.clock.advance(5_000);
    expect(await stage.pending()).toBe(0);
    expect(stage.ids()).toEqual(["a", "b"]);
  });
});

describe("stopping", () => {
  test("finishes what is in hand, settles it, and gives the shards back at once", async () => {
    const stage = createStage({ shards: 2 });
    const { relay, stop } = stage.start("r1");
    await stage.until(() => relay.state().shards.length === 2);
    stage.broker.latencyMs = 300;
    await stage.post(["a", "b", "c"]);
    await stage.until(() => stage.publishes.length === 1);
    await stop();
    expect(stage.ids()).toEqual(["a", "b", "c"]);
    expect(await stage.pending()).toBe(0);
    expect(await stage.world.leases.take(0, "r2", 1_000)).not.toBeNull();
    expect(await stage.world.leases.announce("r2", 1_000)).toEqual(["r2"]);
  });

  test("does not wait for a dead Kafka for ever", async () => {
    const stage = createStage();
    const { relay, stop } = stage.start("r1");
    await stage.until(() => relay.state().shards.length === 1);
    stage.broker.answer = () => ({ kind: "retriable", code: "connection_failed" });
    await stage.post(["a"]);
    await stage.until(() => stage.publishes.length > 1);
    const stoppedAtMs = stage.clock.monotonicMs();
    await stop();
    expect(stage.clock.monotonicMs() - stoppedAtMs).toBeLessThan(11_000);
    expect(await stage.pending()).toBe(1);
    const sends = stage.publishes.length;
    await stage.clock.advance(60_000);
    expect(stage.publishes.length).toBe(sends);
  });
});

describe("a programmer's error", () => {
  test("ends the relay, wherever it was thrown, such as a step that no mode has", async () => {
    const stage = createStage();
    const read = async (): Promise<never> => {
      throw new Error("the pump of shard 0 can only enter room from admitting; it is reading");
    };
    const { ended } = stage.start("r1", { shardStream: { ...stage.world.shardStream, read } });
    const fell = expect(ended).rejects.toThrow("can only enter room");
    await stage.clock.advance(100);
    await fell;
  });
});
