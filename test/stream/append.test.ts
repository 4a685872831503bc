import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshNames, keyOf } from "../conformance/chunks.ts";
import { scriptCalls } from "./script-call.ts";
import { freshNamespace, type StreamServices, startStreamServices } from "./services.ts";

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

const open = () => {
  const redis = services.admin;
  return { redis, ...scriptCalls(redis, freshNamespace()) };
};

describe("append.lua", () => {
  test("adds one entry with the chunk and its size, and counts", async () => {
    const { redis, keys, append } = open();
    const [nonce, status, entry, duplicates] = await append({ names: ["a", "b"], chunk: "AAAA" });
    expect([nonce, status, duplicates]).toEqual(["nonce.1", "OK", ""]);
    expect(await redis.xrange(keys.stream, "-", "+")).toEqual([
      [entry, ["c", "AAAA", "n", "2::w1:2", "d", "2:2::w1:2"]],
    ]);
    expect(await redis.hgetall(keys.count)).toMatchObject({
      accepted: "2",
      duplicate: "0",
      relayed: "0",
      dead: "0",
      bytes: "4",
    });
  });

  test("names the duplicates in field s, those from before and those within", async () => {
    const { redis, keys, append } = open();
    await append({ names: ["a", "b"] });
    const [, , entry, duplicates] = await append({ names: ["x", "a", "y", "x", "b"] });
    expect(duplicates).toBe("1,3,4");
    expect(await redis.xrange(keys.stream, entry, entry)).toEqual([
      [entry, ["c", "Y2h1bms=", "n", "2:1,3,4:w1:4", "d", "5:2:1,3,4:w1:4"]],
    ]);
    expect(await redis.hgetall(keys.count)).toMatchObject({ accepted: "4", duplicate: "3" });
  });

  test("adds nothing when all are duplicates, but counts them", async () => {
    const { redis, keys, append } = open();
    await append({ names: ["a", "b"] });
    expect(await append({ names: ["b", "a"] })).toEqual(["nonce.1", "OK", "", "0,1", "w1:2"]);
    expect(await redis.xlen(keys.stream)).toBe(1);
    expect(await redis.hgetall(keys.count)).toMatchObject({ accepted: "2", duplicate: "2", bytes: "8" });
  });

  test("remembers more ids at once than Lua's unpack takes", async () => {
    const { redis, keys, append } = open();
    const names = freshNames(9001);
    expect((await append({ names })).slice(1, 4)).toEqual(["OK", expect.stringMatching(/^\d+-\d+$/), ""]);
    const counts = await Promise.all(keys.dedup.map((key) => redis.hlen(key)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(9001);
    const indexes = names.map((_, i) => i).join(",");
    expect((await append({ names })).slice(2, 4)).toEqual(["", indexes]);
  });

  test("forgets an id, but not within one window", async () => {
    const { redis, keys, append } = open();
    const windowSeconds = 1;
    await append({ names: ["a"], windowSeconds });
    await eventually("the id is forgotten", async () => (await append({ names: ["a"], windowSeconds }))[2] !== "");
    const [first, second] = await redis.xrange(keys.stream, "-", "+");
    const ms = (entry: typeof first) => Number(entry?.[0].split("-")[0]);
    expect(ms(second) - ms(first)).toBeGreaterThan(windowSeconds * 1000);
    await eventually("all dedup sets are gone", async () => (await redis.exists(...keys.dedup)) === 0);
  });

  test("lets a dedup set die a whole window before its slot is used again", async () => {
    const { redis, keys, append } = open();
    const windowSeconds = 3600;
    const [, , entry] = await append({ names: ["a"], windowSeconds });
    const period = Math.floor(Number(entry.split("-")[0]) / 1000 / windowSeconds);
    const slot = keys.dedup[period % 3] as string;
    expect(await redis.hkeys(slot)).toEqual([keyOf("a")]);
    const reusedAtMs = (period + 3) * windowSeconds * 1000;
    expect(await redis.pexpiretime(slot)).toBe(reusedAtMs - windowSeconds * 1000);
  });

  test("is full by events and by bytes, and has then changed nothing", async () => {
    const { append, dump } = open();
    await append({ names: ["a", "b"], chunk: "AAAA" });
    const before = await dump();
    expect(await append({ names: ["c"], eventsMax: 2 })).toEqual(["nonce.1", "FULL", "", "", ""]);
    expect(await append({ names: ["c"], bytesMax: 4 })).toEqual(["nonce.1", "FULL", "", "", ""]);
    expect(await dump()).toEqual(before);
    expect((await append({ names: ["c"], eventsMax: 3, bytesMax: 5 }))[1]).toBe("OK");
  });

  test("takes a chunk that is larger than the limit when the shard is empty", async () => {
    const { append } = open();
    expect((await append({ names: freshNames(50), eventsMax: 10, bytesMax: 1 }))[1]).toBe("OK");
  });

  test("is diverted for edges; the drain passes with the lease's value only", async () => {
    const { redis, keys, append, dump, lease } = open();
    await redis.set(keys.diverted, "1763712345678");
    const token = await lease("take", "one", 60_000);
    const before = await dump();
    expect(await append({ names: ["a"] })).toEqual(["nonce.1", "DIVERTED", "", "", ""]);
    for (const leaseValue of [`${token + 1} one`, `${token} two`, `${token}`, "one"]) {
      expect(await append({ names: ["a"], leaseValue })).toEqual(["nonce.1", "FENCED", "", "", ""]);
    }
    expect(await dump()).toEqual(before);
    expect((await append({ names: ["a"], leaseValue: `${token} one` }))[1]).toBe("OK");
  });

  test("keeps its epoch as long as the stream lives, emptied or not", async () => {
    const { redis, keys, append, lease, settle } = open();
    const token = await lease("take", "one", 60_000);
    expect(await redis.hget(keys.count, "epoch")).toBeNull();
    const [, , entry] = await append({ names: ["a"] });
    const epoch = await redis.hget(keys.count, "epoch");
    expect(epoch).toMatch(/^\d{16}$/);
    await settle(`${token} one`, 1, [entry]);
    await append({ names: ["b"] });
    expect(await redis.hget(keys.count, "epoch")).toBe(epoch);
  });

  test("begins a new epoch, with counters from zero, when the stream is gone, even when it was full", async () => {
    const { redis, keys, append } = open();
    await append({ names: ["a", "b"] });
    await append({ names: ["a"] });
    const epoch = await redis.hget(keys.count, "epoch");
    await redis.del(keys.stream);
    expect((await append({ names: ["c"], eventsMax: 1 })).slice(1, 2)).toEqual(["OK"]);
    const count = await redis.hgetall(keys.count);
    expect(count).toMatchObject({ accepted: "1", duplicate: "0", relayed: "0", dead: "0", bytes: "8" });
    expect(count.epoch).not.toBe(epoch);
  });

  test("writes nothing under a writer of whom it has had less, whatever was deleted, and says who was before", async () => {
    const { redis, keys, append, dump } = open();
    await append({ names: ["a", "b"], writer: "w1" });
    await append({ names: ["c"], writer: "w2" });
    const behind = ["nonce.1", "BEHIND", "", "", ""];
    const before = await dump();
    expect(await append({ names: ["d"], writer: "w1", floor: 3 })).toEqual(behind);
    expect(await dump()).toEqual(before);
    await redis.del(keys.stream);
    const withoutStream = await dump();
    expect(await append({ names: ["d"], writer: "w1", floor: 2 })).toEqual(behind);
    expect(await dump()).toEqual(withoutStream);
    // Who is born with the stream takes the place of all whose events were in the old one.
    expect((await append({ names: ["d"], writer: "w3" })).slice(3)).toEqual(["", "w3:1"]);
    expect(await append({ names: ["e"], writer: "w2", floor: 1 })).toEqual(behind);
    expect((await append({ names: ["e", "d"], writer: "w3", floor: 1 })).slice(3)).toEqual(["1", "w3:2"]);
    await redis.del(keys.count);
    expect(await append({ names: ["f"], writer: "w3", floor: 2 })).toEqual(behind);
    expect((await append({ names: ["f"], writer: "w4" })).slice(3)).toEqual(["", "w4:1"]);
  });

  test("never gives an id twice when the stream was emptied by settling", async () => {
    const { redis, keys, append, lease, settle } = open();
    const token = await lease("take", "one", 60_000);
    await redis.xadd(keys.stream, `${Date.now() + 60_000}-5`, "c", "", "n", "0");
    const [, , first] = await append({ names: ["a"] });
    await settle(`${token} one`, 1, [first]);
    const [, , second] = await append({ names: ["b"] });
    expect(second > first).toBe(true);
  });

  test.each(["stream", "dedup", "count", "lease"] as const)(
    "changes nothing when key %s is of another type",
    async (bad) => {
      const { redis, keys, append, dump } = open();
      await append({ names: ["a"] });
      const spoilt = bad === "dedup" ? [...keys.dedup] : [keys[bad]];
      await redis.del(...spoilt);
      for (const key of spoilt) await redis.rpush(key, "x");
      const before = await dump();
      const [, status, text] = await append({ names: ["b"], leaseValue: bad === "lease" ? "1 one" : "" });
      expect([status, text]).toEqual(["ERROR", expect.stringContaining("WRONGTYPE")]);
      expect(await dump()).toEqual(before);
    },
  );
});
