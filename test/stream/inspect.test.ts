import { connectRedis } from "@spillway/stream";
import { createStreamInspection } from "@spillway/stream/inspect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { eventually } from "../support/eventually.ts";
import { openStream, SHARDS, type StreamServices, startStreamServices } from "./services.ts";

const DEADLINE_MS = 30_000;

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

describe("inspection", () => {
  test("of a shard that nobody used shows nothing, and no age", async () => {
    const { server, namespace, close } = openStream(services);
    expect(await createStreamInspection(server, namespace).shard(2)).toEqual({
      kind: "known",
      view: {
        shard: 2,
        epoch: null,
        entries: 0,
        backlogEvents: 0,
        backlogBytes: 0,
        oldestAgeMs: null,
        accepted: 0,
        duplicate: 0,
        relayed: 0,
        dead: 0,
        lease: null,
        divertedForMs: null,
        dedupKeys: 0,
      },
    });
    await close();
  });

  test("of a busy shard shows what waits, who pumps it, and since when it is diverted", async () => {
    const { server, namespace, tier, stream, leases, close } = openStream(services);
    const names = freshNames(3);
    await tier.append([chunkOf(0, names)], DEADLINE_MS);
    await tier.append([chunkOf(0, [...names, ...freshNames(1)])], DEADLINE_MS);
    const lease = await leases.take(0, "relay-1", 60_000);
    if (lease === null) throw new Error("the lease was not free");
    await stream.divert(lease, true);
    const [first] = await stream.read(0, "0", 1, 0);
    const inspection = createStreamInspection(server, namespace);
    const look = async () => {
      const shard = await inspection.shard(0);
      return shard.kind === "known" ? shard.view : null;
    };
    const counts = await stream.counts(0);
    expect(await look()).toMatchObject({
      epoch: counts.epoch,
      entries: 2,
      backlogEvents: 4,
      backlogBytes: counts.backlogBytes,
      accepted: 4,
      duplicate: 3,
      relayed: 0,
      dead: 0,
      lease: { owner: "relay-1", token: lease.token },
      divertedForMs: expect.any(Number),
      dedupKeys: 4,
    });
    expect((await look())?.lease?.ttlMs).toBeGreaterThan(0);
    await eventually("the oldest entry ages", async () => ((await look())?.oldestAgeMs ?? 0) > 0);
    await eventually("the diversion ages", async () => ((await look())?.divertedForMs ?? 0) > 0);
    const settled = { entries: [first?.id ?? ""], relayed: 2 };
    await stream.settle(lease, settled);
    expect(await look()).toMatchObject({ entries: 1, backlogEvents: 1, relayed: 2, dead: 1 });
    await close();
  });

  test("of a server shows its settings, its memory, its relays and the number of shards", async () => {
    const { server, namespace, tier, leases, close } = openStream(services);
    const inspection = createStreamInspection(server, namespace);
    expect(await inspection.server()).toMatchObject({
      warnings: [],
      unknown: [],
      usedBytes: expect.any(Number),
      bytesMax: null,
      recordedShards: null,
      relays: [],
    });
    await tier.agreeOnShards(DEADLINE_MS);
    await leases.announce("relay-2", 60_000);
    await leases.announce("relay-1", 60_000);
    await leases.announce("relay-0", 1);
    await services.admin.config("SET", "maxmemory", "1gb", "appendfsync", "no");
    try {
      const view = await eventually("relay-0 expires", async () => {
        const seen = await inspection.server();
        return seen.relays.length === 2 ? seen : null;
      });
      expect(view).toMatchObject({ bytesMax: 2 ** 30, recordedShards: SHARDS, relays: ["relay-1", "relay-2"] });
      expect(view.warnings.join()).toContain("appendfsync is no");
    } finally {
      await services.admin.config("SET", "maxmemory", "0", "appendfsync", "always");
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
    await services.admin.call("ACL", "SETUSER", "viewer", "on", ">secret", "~*", "+@all", "-config", "-info");
    const { host } = new URL(services.redis.url);
    const server = connectRedis({ url: `redis://viewer:secret@${host}` });
    const view = await createStreamInspection(server, "ns").server();
    expect(view).toMatchObject({ warnings: [], usedBytes: null, bytesMax: null });
    expect(view.unknown).toHaveLength(4);
    server.close();
    await services.admin.call("ACL", "DELUSER", "viewer");
  });
});
