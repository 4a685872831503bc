import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createActivity } from "./activity.ts";
import { createStage } from "./stage.fixture.ts";

const setUp = () => {
  const clock = createManualClock();
  const work = { is: false };
  const activity = createActivity(clock, () => work.is);
  const woken: string[] = [];
  const sleep = (name: string, ms: number, signal = new AbortController().signal) =>
    void activity.sleep(ms, signal).then(() => woken.push(name));
  return { clock, work, activity, woken, sleep };
};

describe("what a relay does while nothing happens", () => {
  test("each sleeps its own time while there is work, and for three seconds after", async () => {
    const { clock, work, activity, woken, sleep } = setUp();
    work.is = true;
    await clock.advance(10_000);
    expect(activity.isIdle()).toBe(false);
    work.is = false;
    sleep("a", 250);
    await clock.advance(250);
    expect(woken).toEqual(["a"]);
    await clock.advance(2_750);
    expect(activity.isIdle()).toBe(true);
  });

  test("there is one beat for all who sleep while nothing happens", async () => {
    const { clock, woken, sleep } = setUp();
    await clock.advance(3_000);
    sleep("a", 250);
    await clock.advance(1_000);
    sleep("b", 1_000);
    await clock.advance(3_999);
    expect(woken).toEqual([]);
    await clock.advance(1);
    expect(woken).toEqual(["a", "b"]);
  });

  test("all look at once when something happens, or at the end", async () => {
    const { clock, activity, woken, sleep } = setUp();
    await clock.advance(3_000);
    const stopping = new AbortController();
    sleep("a", 250, stopping.signal);
    stopping.abort();
    await clock.advance(0);
    sleep("b", 250);
    activity.busy();
    await clock.advance(0);
    expect(woken).toEqual(["a", "b"]);
  });
});

/** Counts calls of Redis's ports within so much time. */
const countedStage = () => {
  const stage = createStage({ shards: 4 });
  const calls: Record<string, number> = {};
  const counted = <Port extends object>(port: Port): Port =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]) => [
        name,
        (...args: unknown[]) => {
          calls[name] = (calls[name] ?? 0) + 1;
          return call(...args);
        },
      ]),
    ) as Port;
  const relay = stage.start("r1", {
    shardStream: counted(stage.world.shardStream),
    leases: counted(stage.world.leases),
  });
  const within = async (ms: number): Promise<Record<string, number>> => {
    for (const name of Object.keys(calls)) delete calls[name];
    await stage.clock.advance(ms);
    return { ...calls };
  };
  return { stage, relay, within };
};

test("an idle relay asks for each shard once in five seconds, and keeps its leases in a third of their time", async () => {
  const { stage, relay, within } = countedStage();
  await stage.until(() => relay.relay.state().shards.length === 4);
  await stage.clock.advance(20_000);
  const { announce = 0, ...asked } = await within(50_000);
  expect(announce).toBeGreaterThanOrEqual(29);
  expect(announce).toBeLessThanOrEqual(31);
  expect(asked).toEqual({ read: 40, birth: 40, diversion: 40, counts: 40, renew: announce * 4 });
});

test("the first event after a long pause comes out as soon as one of many, and wakes all who look", async () => {
  const { stage, relay, within } = countedStage();
  await stage.until(() => relay.relay.state().shards.length === 4);
  await stage.clock.advance(20_000);
  await stage.post(["a"]);
  await stage.until(() => stage.ids().length === 1, 10);
  expect((await within(2_000)).birth).toBeGreaterThanOrEqual(4 * 7);
});

test("the shards of a relay that dies are taken over within 1.1 of the leases' time after they were renewed, however idle both are", async () => {
  const waits = [];
  for (const chance of [0, 0.1, 0.3, 0.6, 0.8, 0.9]) {
    const stage = createStage({ shards: 4 });
    const { leases } = stage.world;
    let renewedAtMs = 0;
    const renew: typeof leases.renew = (lease, ttlMs) => {
      renewedAtMs = stage.clock.monotonicMs();
      return leases.renew(lease, ttlMs);
    };
    const first = stage.start("r1", { leases: { ...leases, renew } });
    await stage.until(() => first.relay.state().shards.length === 4);
    const second = stage.start("r2", { random: () => chance });
    await stage.until(() => second.relay.state().shards.length === 2);
    await stage.clock.advance(30_000);
    first.kill();
    const killedAfterMs = stage.clock.monotonicMs() - renewedAtMs;
    await stage.clock.advance(5_500 - killedAfterMs);
    waits.push(second.relay.state().shards.length);
  }
  expect(waits).toEqual([4, 4, 4, 4, 4, 4]);
});
