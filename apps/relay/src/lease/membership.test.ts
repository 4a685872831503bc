import { noMetrics } from "@spillway/telemetry";
import { describe, expect, test } from "vitest";
import { createDependencies, notedPorts } from "../dependencies.ts";
import { createMeasures } from "../measures.ts";
import { createStage } from "../stage.fixture.ts";
import { createTroubles } from "../troubles.ts";
import { createMembership } from "./membership.ts";
import { createMembershipMode } from "./membership-mode.ts";

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
      clock,
      random: () => 0.5,
      log: () => undefined,
      troubles: createTroubles(clock, () => undefined, createMeasures(noMetrics)),
      owner: "r1",
      shards: 1,
      leaseTtlMs: 5_000,
      open: () => undefined,
      finish: async () => undefined,
      start: () => undefined,
    });
    await membership.leave();
    await expect(membership.run(new AbortController().signal)).rejects.toThrow("relay r1 took shard 0 while left");
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
