import { relaysScript } from "@spillway/stream/scripts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshNames } from "../conformance/chunks.ts";
import { scriptCalls } from "./script-call.ts";
import { freshNamespace, type StreamServices, startStreamServices } from "./services.ts";

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

const open = async () => {
  const redis = services.admin;
  const calls = scriptCalls(redis, freshNamespace());
  const token = await calls.lease("take", "one", 60_000);
  return { redis, ...calls, token, leaseValue: `${token} one` };
};

describe("settle.lua", () => {
  test("counts from the entries that it removed, not from what it was told", async () => {
    const { redis, keys, append, settle, leaseValue } = await open();
    const ids: string[] = [];
    for (const count of [1, 2, 3]) ids.push((await append({ names: freshNames(count), chunk: "AAAA" }))[2]);
    const [first = "", second = "", third = ""] = ids;
    expect(await settle(leaseValue, 3, [first, second])).toBe("OK");
    expect(await settle(leaseValue, 3, [first, second])).toBe("OK");
    expect(await redis.hgetall(keys.count)).toMatchObject({ accepted: "6", relayed: "3", dead: "0", bytes: "4" });
    // The call that timed out and now runs late: it says six, two of its three entries are gone.
    expect(await settle(leaseValue, 6, [first, second, third])).toBe("OK");
    expect(await redis.hgetall(keys.count)).toMatchObject({ accepted: "6", relayed: "6", dead: "0", bytes: "0" });
  });

  test("takes what was not relayed for dead", async () => {
    const { redis, keys, append, settle, leaseValue } = await open();
    const [, , id] = await append({ names: freshNames(5) });
    await settle(leaseValue, 2, [id]);
    expect(await redis.hgetall(keys.count)).toMatchObject({ relayed: "2", dead: "3" });
  });

  test("counts an id that is named twice once", async () => {
    const { redis, keys, append, settle, leaseValue } = await open();
    const [, , id] = await append({ names: ["a"] });
    expect(await settle(leaseValue, 2, [id, id])).toBe("OK");
    expect(await redis.hgetall(keys.count)).toMatchObject({ relayed: "1", dead: "0", bytes: "0" });
  });

  test("removes a foreign entry without counting it", async () => {
    const { redis, keys, append, settle, leaseValue } = await open();
    await append({ names: ["a"] });
    const foreign = (await redis.xadd(keys.stream, "*", "who", "knows")) as string;
    expect(await settle(leaseValue, 0, [foreign])).toBe("OK");
    expect(await redis.xlen(keys.stream)).toBe(1);
    expect(await redis.hgetall(keys.count)).toMatchObject({ accepted: "1", relayed: "0", dead: "0", bytes: "8" });
  });

  test("never counts more than was added: a shard whose counters were lost is full again when it has to be", async () => {
    const { redis, keys, append, settle, leaseValue } = await open();
    const [, , id] = await append({ names: ["a", "b", "c"] });
    await redis.del(keys.count);
    await append({ names: ["d"], chunk: "AAAA" });
    const forged = (await redis.xadd(
      keys.stream,
      "*",
      "c",
      "A".repeat(99),
      "n",
      "9::w9:9",
      "d",
      "9:9::w9:9",
    )) as string;
    expect(await settle(leaseValue, 12, [id, forged])).toBe("OK");
    const counts = await redis.hmget(keys.count, "accepted", "relayed", "dead", "bytes");
    expect(counts).toEqual(["1", "1", "0", "0"]);
  });

  test("takes thousands of entries in one call", async () => {
    const { redis, keys, append, settle, leaseValue } = await open();
    const ids: string[] = [];
    for (let i = 0; i < 2500; i++) ids.push((await append({ names: freshNames(1) }))[2]);
    expect(await settle(leaseValue, 2500, ids)).toBe("OK");
    expect(await redis.hgetall(keys.count)).toMatchObject({ relayed: "2500", dead: "0", bytes: "0" });
    expect(await redis.xlen(keys.stream)).toBe(0);
    expect(await redis.exists(keys.stream)).toBe(1);
  });

  test("leaves an entry that has the id of the one that is meant, and another chunk", async () => {
    const { redis, keys, append, settle, leaseValue, dump } = await open();
    const [, , id] = await append({ names: ["a"], chunk: "AAAABBBB" });
    const before = await dump();
    expect(await settle(leaseValue, 1, [`${id} AAAACCCC`])).toBe("OK");
    expect(await dump()).toEqual(before);
    expect(await settle(leaseValue, 1, [`${id} AAAACCCC`, `${id} AAAABB`])).toBe("OK");
    expect(await redis.hgetall(keys.count)).toMatchObject({ relayed: "1", dead: "0", bytes: "0" });
  });

  test("does nothing for a zombie", async () => {
    const { append, settle, lease, leaseValue, dump } = await open();
    const [, , id] = await append({ names: ["a"] });
    await lease("take", "one", 60_000);
    const before = await dump();
    expect(await settle(leaseValue, 1, [id])).toBe("FENCED");
    expect(await dump()).toEqual(before);
  });
});

describe("lease.lua", () => {
  test("keeps a lease with an expiry, and its token where no lease outlives it", async () => {
    const { redis, keys, token, leaseValue } = await open();
    expect(await redis.get(keys.lease)).toBe(leaseValue);
    expect(await redis.pttl(keys.lease)).toBeGreaterThan(0);
    expect(await redis.hget(keys.count, "token")).toBe(String(token));
  });

  test("shortens and lengthens it when it is renewed", async () => {
    const { redis, keys, lease, leaseValue } = await open();
    expect(await lease("renew", leaseValue, 600_000)).toBe(1);
    expect(await redis.pttl(keys.lease)).toBeGreaterThan(60_000);
    expect(await lease("renew", "1 one", 1)).toBe(0);
    expect(await redis.pttl(keys.lease)).toBeGreaterThan(60_000);
  });

  test("goes on with larger tokens after Redis was emptied", async () => {
    const { redis, keys, lease, token } = await open();
    await redis.del(keys.lease, keys.count);
    expect(await lease("take", "one", 60_000)).toBeGreaterThan(token);
  });

  test("does not mistake one owner for another whose name begins alike", async () => {
    const { lease, leaseValue } = await open();
    for (const other of ["o", "one1", "ne", ""]) expect(await lease("take", other, 60_000)).toBe(0);
    expect(await lease("release", `${leaseValue}1`)).toBe(0);
    expect(await lease("release", leaseValue)).toBe(1);
  });
});

describe("divert.lua", () => {
  test("remembers since when it lasts, whoever begins it again; each time the stamp is another one", async () => {
    const { redis, keys, append, divert, leaseValue } = await open();
    await append({ names: ["a"] });
    const [, stamp] = (await divert("begin", leaseValue, "n1")) as string[];
    expect(stamp).toMatch(/^\d{13} n1$/);
    const since = stamp?.split(" ")[0];
    expect(await divert("raise", "ours", "n2", "")).toEqual(["OK", `${since} n2`]);
    expect(await divert("begin", leaseValue, "n3")).toEqual(["OK", `${since} n3`]);
    expect(await redis.get(keys.diverted)).toBe(`${since} n3`);
    expect(await redis.pttl(keys.diverted)).toBe(-1);
    for (const old of ["", stamp ?? "", `${since} n2`])
      expect(await divert("end", leaseValue, old)).toEqual(["RENEWED", `${since} n3`]);
    for (let i = 0; i < 2; i++) expect(await divert("end", leaseValue, `${since} n3`)).toEqual(["OK", ""]);
    expect(await redis.exists(keys.diverted)).toBe(0);
  });

  test("obeys the owner only, and edges of the shard's installation", async () => {
    const { redis, keys, append, divert, token } = await open();
    expect(await divert("begin", `${token - 1} one`, "n")).toEqual(["FENCED", ""]);
    expect(await divert("end", `${token - 1} one`, "n")).toEqual(["FENCED", ""]);
    expect(await divert("raise", "ours", "n", "")).toEqual(["UNAGREED", ""]);
    await append({ names: ["a"] });
    for (const other of ["", "theirs"]) expect(await divert("raise", other, "n", "")).toEqual(["UNAGREED", ""]);
    expect(await redis.exists(keys.diverted)).toBe(0);
    expect(await divert("raise", "theirs", "n", "1")).toEqual(["OK", expect.stringMatching(/ n$/)]);
  });
});

describe("a full Redis", () => {
  test("refuses appends before they change anything, and lets itself be emptied", async () => {
    const { redis, keys, append, settle, lease, divert, leaseValue, dump } = await open();
    const [, , id] = await append({ names: ["a"] });
    const before = await dump();
    await redis.config("SET", "maxmemory", "1");
    try {
      expect(await append({ names: ["b"] })).toEqual(["nonce.1", "ERROR", expect.stringMatching(/^OOM/), "", ""]);
      expect(await dump()).toEqual(before);
      expect(await divert("raise", "ours", "n", "")).toEqual(["OK", expect.stringMatching(/ n$/)]);
      expect(await settle(leaseValue, 1, [id])).toBe("OK");
      expect(await redis.xlen(keys.stream)).toBe(0);
      expect(await lease("renew", leaseValue, 60_000)).toBe(1);
      expect(await lease("release", leaseValue)).toBe(1);
      expect(await lease("take", "two", 60_000)).toBeGreaterThan(0);
      const owners = await redis.eval(relaysScript.source, 1, `${keys.count}:relays`, "two", 60_000);
      expect(owners).toEqual(["two"]);
    } finally {
      await redis.config("SET", "maxmemory", "0");
    }
    expect((await append({ names: ["b"], leaseValue: (await redis.get(keys.lease)) as string }))[1]).toBe("OK");
  });
});
