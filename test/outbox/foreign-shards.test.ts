import { shardOf } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createEnqueue } from "@spillway/outbox";
import { createOutboxTier } from "@spillway/outbox/tier";
import { expect, test } from "vitest";
import { chunkOf } from "../conformance/chunks.ts";
import { freshEach } from "./fresh-database.ts";

const fresh = freshEach();
const found = () => fresh.admin`insert into installation (id, namespace, shards) values ('i', 'spillway', 4)`;
const rows = async () => (await fresh.admin`select from outbox`).length;

/** What a transaction that enqueues came to: null, or the SQLSTATE that took it. */
const sent = (shards: number, subject: string): Promise<unknown> => {
  const enqueue = createEnqueue({ shards, platform, source: "/shop" });
  return fresh.admin
    .begin((tx) => enqueue(tx, { type: "t", subject }))
    .then(
      () => null,
      (error: { code?: unknown }) => error.code,
    );
};

test("an application with another number of shards commits nothing, whichever shard its event would have", async () => {
  await found();
  const subjects = Array.from({ length: 40 }, (_, n) => `customer-${n}`);
  expect(subjects.some((subject) => shardOf(subject, 16) < 4)).toBe(true);
  expect(new Set(await Promise.all(subjects.map((subject) => sent(16, subject))))).toEqual(new Set(["SPW01"]));
  expect(await rows()).toBe(0);
  expect(await sent(4, "customer-1")).toBeNull();
});

test("an edge with another number is refused by the table itself", async () => {
  await found();
  const append = (shards: number, shard: number) =>
    createOutboxTier({ database: fresh.database, shards }).append([chunkOf(shard, ["a"])], 2_000);
  expect(await append(8, 1)).toEqual([{ kind: "retriable", code: "shards_differ" }]);
  expect(await append(4, 1)).toEqual([{ kind: "ok", duplicates: [] }]);
  expect(await rows()).toBe(1);
});

test("of a writer that says no number the shard alone is asked", async () => {
  const insert = (shard: number) =>
    fresh.admin`insert into outbox (shard, chunk, events, bytes) values (${shard}, '\\x00', 1, 1)`.then(
      () => "stored",
      (error: { code?: unknown }) => error.code,
    );
  expect(await insert(9)).toBe("stored");
  await found();
  expect(await Promise.all([0, 3, 4, 9, -1].map(insert))).toEqual(["stored", "stored", "SPW01", "SPW01", "SPW01"]);
});

test("there is one installation", async () => {
  await found();
  await expect(found()).rejects.toThrow(/installation_pkey/);
});

test("asks an application for no right but to insert", async () => {
  await found();
  const { admin } = fresh;
  const user = `app_${crypto.randomUUID().slice(0, 8)}`;
  await admin.unsafe(`create role ${user}; grant insert on outbox to ${user}; create schema ${user}`);
  await admin.unsafe(`create table ${user}.installation (shards text); grant usage on schema ${user} to ${user}`);
  const enqueued = await admin
    .begin(async (tx) => {
      await tx.unsafe(`set local search_path = ${user}, public; set local role ${user}`);
      return createEnqueue({ shards: 4, platform, source: "/shop" })(tx, { type: "t", id: "1" });
    })
    .finally(() => admin.unsafe(`drop owned by ${user}; drop schema ${user} cascade; drop role ${user}`));
  expect(enqueued).toEqual({ id: "1" });
});
