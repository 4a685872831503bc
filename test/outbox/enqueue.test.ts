import { type Running, startPostgres } from "@spillway/backends";
import { decodeChunk, sealEvent } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createEnqueue, EventRefused } from "@spillway/outbox";
import { drizzle } from "drizzle-orm/postgres-js";
import type { Sql } from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { adminOf, freshDatabase } from "./fresh-database.ts";

const SHARDS = 16;
const enqueue = createEnqueue({ shards: SHARDS, platform, source: "/shop" });
const encoder = new TextEncoder();

let server: Running;
let admin: Sql;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  admin = adminOf(await freshDatabase(server.url), 2);
  await admin.unsafe("create table orders (n int primary key)");
});
afterEach(() => admin.end());

const stored = async () => {
  const rows = await admin<{ shard: number; chunk: Uint8Array; events: number; bytes: number }[]>`
    select * from outbox order by id`;
  return rows.map((row) => ({ ...row, events: decodeChunk(row.chunk, platform).events, count: row.events }));
};

const orders = async () => (await admin<{ n: number }[]>`select n from orders order by n`).map(({ n }) => n);

describe("enqueue", () => {
  test("sends an event with the commit of a drizzle transaction, sealed as the edge would", async () => {
    const bytes = encoder.encode(
      '{"specversion":"1.0","id":"7","source":"/x","time":"2026-11-21T00:00:00Z",' +
        '"type":"order.placed","subject":"c1","data":9007199254740993}',
    );
    await drizzle(admin).transaction(async (tx) => {
      await tx.execute("insert into orders values (1)");
      expect(await enqueue(tx, bytes)).toEqual({ id: "7" });
    });
    const attributes = { id: "7", source: "/x", type: "order.placed", partitionKey: "c1", traceparent: null };
    const { id: _, shard, ...sealed } = sealEvent(attributes, bytes, SHARDS, platform, "");
    const [row, ...others] = await stored();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ shard, count: 1, bytes: row?.chunk.length });
    expect({ ...row?.events[0], bytes: Buffer.from(row?.events[0]?.bytes ?? []).toString() }).toEqual({
      ...sealed,
      bytes: Buffer.from(bytes).toString(),
    });
    expect(await orders()).toEqual([1]);
  });

  test("sends an event with the commit of a postgres.js transaction, with what the sender left out", async () => {
    const sent = await admin.begin(async (tx) => {
      await tx`insert into orders values (2)`;
      return enqueue(tx, { type: "order.placed", data: { total: 12 } });
    });
    const [row] = await stored();
    const event = JSON.parse(Buffer.from(row?.events[0]?.bytes ?? []).toString());
    expect(event).toMatchObject({ id: sent.id, source: "/shop", specversion: "1.0", type: "order.placed" });
    expect(event.data).toEqual({ total: 12 });
    expect(await orders()).toEqual([2]);
  });

  test("sends nothing when the transaction is rolled back, in either kind", async () => {
    const thenFail = async (tx: Parameters<typeof enqueue>[0]): Promise<void> => {
      await enqueue(tx, { type: "order.placed" });
      throw new Error("changed my mind");
    };
    await expect(admin.begin(thenFail)).rejects.toThrow("changed my mind");
    await expect(drizzle(admin).transaction(thenFail)).rejects.toThrow("changed my mind");
    expect(await stored()).toEqual([]);
  });

  test("takes the application's transaction with it when the event is refused", async () => {
    const attempt = admin.begin(async (tx) => {
      await tx`insert into orders values (3)`;
      await enqueue(tx, { type: "order.placed", id: "" });
    });
    const error = await attempt.then(
      () => null,
      (refused: unknown) => refused,
    );
    expect(error).toBeInstanceOf(EventRefused);
    expect(error).toMatchObject({ code: "invalid_attribute", pointer: "/id" });
    expect(await orders()).toEqual([]);
  });

  test("refuses what is too large or too deep", async () => {
    const tight = createEnqueue({ shards: 4, platform, source: "/s", limits: { eventBytesMax: 500, depthMax: 3 } });
    const large = { type: "t", data: "x".repeat(500) };
    const deep = { type: "t", data: [[[[]]]] };
    await expect(tight(admin, large)).rejects.toMatchObject({ code: "event_too_large" });
    await expect(tight(admin, deep)).rejects.toMatchObject({ code: "event_too_deep" });
    expect(await stored()).toEqual([]);
  });

  test("of one source and id are one event for producers of one name only", async () => {
    const of = (options: { readonly producer?: string }) =>
      createEnqueue({ shards: SHARDS, platform, source: "/shop", ...options })(admin, { type: "t", id: "1" });
    await of({});
    await of({});
    await of({ producer: "shop" });
    await of({ producer: "evil" });
    const posted = { id: "1", source: "/shop", type: "t", partitionKey: null, traceparent: null };
    const keys = (await stored()).map(({ events }) => events[0]?.dedupKey);
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe(sealEvent(posted, new Uint8Array(), SHARDS, platform, "shop").dedupKey);
  });

  test("keeps the order of one transaction's events", async () => {
    await admin.begin(async (tx) => {
      for (let n = 0; n < 10; n++) await enqueue(tx, { type: "t", subject: "one", data: n });
    });
    const data = (await stored()).map(({ events }) => JSON.parse(Buffer.from(events[0]?.bytes ?? []).toString()).data);
    expect(data).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
