import { settledBelonging } from "@spillway/memory";
import { noMetrics } from "@spillway/telemetry";
import { describe, expect, test } from "vitest";
import { createActivity } from "../activity.ts";
import { createDependencies, notedPorts } from "../dependencies.ts";
import { createMeasures } from "../measures.ts";
import { createStage } from "../stage.fixture.ts";
import { createTroubles } from "../troubles.ts";
import { createMembership } from "./membership.ts";
import { createMembershipMode } from "./membership-mode.ts";
import { createTokens } from "./tokens.ts";

describe("a relay among others", () => {
  test("shares, gives up one shard after the other when another comes, and leaves", async () => {
    const stage = createStage({ shards: 4 });
    const first = stage.start("r1");
    await stage.until(() => first.relay.state().shards.length === 4);
    expect(first.relay.state().membership).toBe("sharing");
    stage.broker.latencyMs = 1_500;
    for (let n = 0; n < 40; n++) await stage.post([`e${n}`], `key-${n}`);
    await stage.until(() => first.relay.state().shards.every(({ entries }) => entries > 0));
    const second = stage.start("r2");
    await stage.until(() => first.relay.state().membership === "shedding");
    const finishing = first.relay.state().shards.filter(({ pump }) => pump === "finishing");
    expect(finishing.length).toBe(1);
    await stage.until(() => second.relay.state().shards.length === 2);
    expect(first.relay.state().membership).toBe("sharing");
    await second.stop();
    expect(second.relay.state()).toMatchObject({ membership: "left", shards: [] });
  });

  test("takes no shard once it leaves: it would never be given back", async () => {
    const { clock, world } = createStage();
    const membership = createMembership({
      leases: notedPorts(
        world,
        createDependencies(() => undefined),
      ).leases,
      belonging: settledBelonging(1),
      clock,
      random: () => 0.5,
      log: () => undefined,
      troubles: createTroubles(clock, () => undefined, createMeasures(noMetrics)),
      tokens: createTokens(),
      owner: "r1",
      shards: 1,
      leaseTtlMs: 5_000,
      activity: createActivity(clock, () => false),
      open: () => undefined,
      finish: async () => undefined,
      start: () => undefined,
    });
    await membership.leave();
    await expect(membership.run(new AbortController().signal)).rejects.toThrow("relay r1 took shard 0 while left");
  });

  test("ends its terms when its parts do not belong together, and takes leases again when they do", async () => {
    const stage = createStage({ shards: 2 });
    const { relay } = stage.start("r1");
    const held = () => relay.state().shards.length;
    await stage.until(() => held() === 2);
    const ours = stage.belonging.known("redis");
    stage.belonging.found("redis", { id: "another", namespace: "memory", shards: 2 });
    await stage.until(() => held() === 0);
    expect(stage.logged("lease.ended").map(({ fields }) => fields.code)).toEqual(["foreign", "foreign"]);
    await stage.post(["a"]);
    await stage.clock.advance(20_000);
    expect([held(), stage.ids()]).toEqual([0, []]);
    stage.belonging.found("redis", ours);
    await stage.until(() => stage.ids().length === 1);
  });

  test("takes nothing in a Redis of which it knows nothing", async () => {
    const stage = createStage();
    stage.belonging.found("redis", null);
    const { relay } = stage.start("r1");
    await stage.clock.advance(20_000);
    expect(relay.state().shards).toEqual([]);
  });

  test("leaves once, and does not come back", () => {
    const mode = createMembershipMode("r1");
    mode.enter("shedding");
    mode.enter("leaving");
    expect(() => mode.enter("sharing")).toThrow("relay r1 can only enter sharing from shedding; it is leaving");
    mode.enter("left");
    expect(() => mode.enter("leaving")).toThrow("it is left");
  });
});
