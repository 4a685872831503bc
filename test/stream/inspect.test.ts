import { eventually } from "@spillway/backends/eventually";
import { connectRedis } from "@spillway/stream";
import { createStreamInspection } from "@spillway/stream/inspect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { openStream, type StreamServices, startStreamServices } from "./services.ts";

const DEADLINE_MS = 30_000;

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

describe("inspection", () => {
  test("of a shard that nobody used shows nothing, and no age", async () => {
    const { server, namespace, close } = await openStream(services);
    expect(await createStreamInspection(server, namespace).shard(2)).toEqual({
      kind: "known",
      view: {
        shard: 2,
        backlogEvents: 0,
        backlogBytes: 0,
        oldestAgeMs: null,
        relayed: 0,
        dead: 0,
        parked: 0,
        owner: null,
        divertedForMs: null,
      },
    });
    await close();
  });

  test("of a busy shard shows what waits, who pumps it, and since when it is diverted", async () => {
    const { server, namespace, tier, stream, leases, close } = await openStream(services);
    const names = freshNames(3);
    await tier.append([chunkOf(0, names)], DEADLINE_MS);
    await tier.append([chunkOf(0, [...names, ...freshNames(1)])], DEADLINE_MS);
    const lease = await leases.take(0, "relay-1", 60_000);
    if (lease === null) throw new Error("the lease was not free");
    await stream.divert(lease);
    const [first] = await stream.read(0, "0", 1, 0);
    const inspection = createStreamInspection(server, namespace);
    const look = async () => {
      const shard = await inspection.shard(0);
      return shard.kind === "known" ? shard.view : null;
    };
    const counts = await stream.counts(0);
    expect(await look()).toMatchObject({
      backlogEvents: 4,
      backlogBytes: counts.backlogBytes,
      relayed: 0,
      dead: 0,
      owner: "relay-1",
      divertedForMs: expect.any(Number),
    });
    await eventually("the oldest entry ages", async () => ((await look())?.oldestAgeMs ?? 0) > 0);
    await eventually("the diversion ages", async () => ((await look())?.divertedForMs ?? 0) > 0);
    const settled = { entries: [first?.id ?? ""], relayed: 1, parked: 1 };
    await stream.settle(lease, settled);
    expect(await look()).toMatchObject({ backlogEvents: 1, relayed: 1, parked: 1, dead: 1 });
    await close();
  });

  test("of a server shows the settings that break the promise", async () => {
    const { server, namespace, close } = await openStream(services);
    const inspection = createStreamInspection(server, namespace);
    expect(await inspection.server()).toEqual({ warnings: [], unknown: [], promise: { state: "kept" } });
    await services.admin.config("SET", "appendfsync", "no");
    try {
      expect((await inspection.server()).warnings.join()).toContain("appendfsync is no");
    } finally {
      await services.admin.config("SET", "appendfsync", "always");
    }
    await close();
  });

  test("does not take an answer that did not come for an empty shard", async () => {
    const nowhere = connectRedis({ url: "redis://127.0.0.1:1" });
    const inspection = createStreamInspection(nowhere, "ns");
    expect(await inspection.shard(1)).toEqual({ kind: "unknown", shard: 1, code: "unreachable" });
    await expect(inspection.server()).rejects.toThrow("unavailable: unreachable");
    nowhere.close();
  });

  test("knows no settings where it may not ask for them", async () => {
    await services.admin.call("ACL", "SETUSER", "viewer", "on", ">secret", "~*", "+@all", "-config");
    const { host } = new URL(services.redis.url);
    const server = connectRedis({ url: `redis://viewer:secret@${host}` });
    const view = await createStreamInspection(server, "ns").server();
    expect(view.warnings).toEqual([]);
    expect(view.unknown).toHaveLength(4);
    server.close();
    await services.admin.call("ACL", "DELUSER", "viewer");
  });
});
