import { expect, test } from "vitest";
import type { Sights } from "../ports.ts";
import { askersOf, soundShard, soundSights } from "../sights.fixture.ts";
import { createWatch, type WatchPorts } from "./watch.ts";

const setUp = () => {
  const world = {
    atMs: 1_000_000,
    sights: soundSights as Sights,
    looks: 0,
    slept: [] as number[],
    onSleep: (_times: number): void => undefined,
  };
  const ports: Partial<WatchPorts> = {
    ...askersOf(() => world.sights),
    totals: async () => {
      world.looks++;
      return world.sights.totals;
    },
    clock: {
      wallMs: () => world.atMs,
      monotonicMs: () => world.atMs,
      sleep: async (ms) => {
        world.slept.push(ms);
        world.onSleep(world.slept.length);
      },
    },
  };
  return { world, watch: createWatch(ports as WatchPorts) };
};

test("accepted is what was relayed, waits or died; what cannot be read is unknown and not zero", async () => {
  const { world, watch } = setUp();
  world.sights = {
    ...soundSights,
    shards: [soundShard(0, { backlogEvents: 2, relayed: 10, dead: 1, parked: 50, oldestAgeMs: 40 })],
    outbox: [{ shard: 0, rows: 1, events: 7, oldestAtMs: world.atMs - 900, exact: true }],
    parked: [{ shard: 0, topic: "t", token: 1, code: "x", sinceMs: world.atMs - 5_000, events: 20, bytes: 1, died: 3 }],
  };
  const account = { relayed: 10 + 50 - 20 - 3, dead: 1 + 3, stream: 2, outbox: 7, parked: 20, waiting: 29 };
  expect((await watch.fresh()).account).toEqual({ ...account, accepted: 70, unaccounted: 0, oldestMs: 5_000 });
  world.sights = { ...world.sights, parked: null };
  expect((await watch.fresh()).account).toMatchObject({ accepted: null, relayed: null, waiting: null, stream: 2 });
});

test("a look is kept for who asks a little later, and is made anew after an action", async () => {
  const { world, watch } = setUp();
  await Promise.all([watch.latest(), watch.latest()]);
  world.atMs += 2_000;
  await watch.latest();
  expect(world.looks).toBe(1);
  world.atMs += 1_000;
  await watch.latest();
  expect(world.looks).toBe(2);
  await watch.fresh();
  expect(world.looks).toBe(3);
});

test("it looks every second while somebody watches, events come or anything is wrong, and else every five", async () => {
  const { world, watch } = setUp();
  const stopping = new AbortController();
  let leave = (): void => undefined;
  watch.onLook(() => undefined, "record");
  world.onSleep = (times) => {
    if (times === 2) leave = watch.onLook(() => undefined);
    if (times === 3) leave();
    if (times === 4) world.sights = { ...soundSights, shards: [soundShard(0, { relayed: 7 })] };
    if (times === 6) world.sights = { ...world.sights, outbox: null };
    if (times === 7) stopping.abort();
  };
  await watch.run(stopping.signal);
  expect(world.slept).toEqual([1_000, 5_000, 1_000, 5_000, 1_000, 5_000, 1_000]);
});

test("rates come from what was counted, and an emptied Redis begins anew", async () => {
  const { world, watch } = setUp();
  const relayed = async (events: number) => {
    world.sights = { ...soundSights, shards: [soundShard(0, { relayed: events })] };
    world.atMs += 4_000;
    return (await watch.fresh()).flow.outPerSecond;
  };
  expect([await relayed(100), await relayed(140), await relayed(180)]).toEqual([null, 10, 10]);
  expect([await relayed(3), await relayed(43)]).toEqual([null, 10]);
  world.sights = { ...soundSights, shards: [{ shard: 0, known: null }] };
  expect((await watch.fresh()).flow.outPerSecond).toBeNull();
});
