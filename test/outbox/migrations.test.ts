import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Running, startPostgres } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { runMigrations } from "@spillway/drizzle";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminOf, openFresh } from "./fresh-database.ts";

let server: Running;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

test("are applied once by eight that start at once, and change nothing when applied again", async () => {
  await Promise.all(Array.from({ length: 8 }, () => runMigrations(server.url)));
  const admin = adminOf(server.url);
  const applied = async () => admin`select hash from drizzle.spillway_migrations order by id`;
  const first = await applied();
  expect(first.length).toBeGreaterThan(0);
  expect(new Set(first.map(({ hash }) => hash)).size).toBe(first.length);
  await admin`insert into outbox (shard, chunk, events, bytes) values (0, '\\x00', 1, 1)`;
  await runMigrations(server.url);
  expect(await applied()).toEqual(first);
  expect(await admin`select id from outbox`).toHaveLength(1);
  const locks = await admin`select 1 from pg_locks where locktype = 'advisory'`;
  expect(locks).toHaveLength(0);
  await admin.end();
});

test("wait for each other longer than the URL lets a statement or a lock take", async () => {
  const admin = adminOf(server.url);
  await admin`select pg_advisory_lock(727001)`;
  const migrated = runMigrations(`${server.url}?statement_timeout=200&lock_timeout=200`);
  const waitsLong = async () => {
    const rows = await admin`
      select from pg_stat_activity where wait_event = 'advisory' and now() - query_start > interval '600 ms'`;
    return rows.length === 1;
  };
  const [kept] = await Promise.allSettled([eventually("it waits, and is not ended", waitsLong, 10_000)]);
  await admin`select pg_advisory_unlock(727001)`;
  await expect(migrated).resolves.toMatchObject({ applied: expect.any(Array) });
  expect(kept).toMatchObject({ status: "fulfilled" });
  await admin.end();
});

test("refuse a database whose tables another search_path finds", async () => {
  await runMigrations(server.url);
  await expect(runMigrations(`${server.url}?search_path=elsewhere`)).rejects.toThrow(/another search_path/);
});

/** One letter: whose, in which life, what became of it. */
type Letter = readonly [key: string | null, life: number, fate: "waiting" | "replayed" | "discarded"];

test("keep of several letters of one life the oldest, with what was done to any of them", async () => {
  const { url, admin, close } = await openFresh(server.url);
  const letters: readonly Letter[] = [
    ["waits", 0, "waiting"], // 1
    ["waits", 0, "discarded"],
    ["waits", 1, "waiting"], // 3, another life
    ["sent", 0, "discarded"], // 4
    ["sent", 0, "replayed"],
    ["sent", 0, "waiting"],
    ["gone", 0, "discarded"], // 7
    ["gone", 0, "discarded"],
    ["mended", 0, "discarded"], // 9
    ["mended", 0, "waiting"],
    [null, 0, "waiting"], // 11 and 12, whole chunks
    [null, 0, "waiting"],
  ];
  // As the migration before left them.
  await admin`drop index dead_letters_life, dead_letters_place`;
  await admin`alter table dead_letters add constraint dead_letters_place unique (shard, entry, index)`;
  await admin`create index dead_letters_event on dead_letters (hashtextextended(event_id, 0), id)`;
  const text = readFileSync(new URL("../../drizzle/migrations/0005_one_letter_per_life.sql", import.meta.url));
  await admin`delete from drizzle.spillway_migrations where hash = ${createHash("sha256").update(text).digest("hex")}`;
  for (const [entry, [key, life, fate]] of letters.entries()) {
    const [replayedAt, discardedAt] = ["replayed", "discarded"].map((end) => (fate === end ? new Date() : null));
    await admin`
      insert into dead_letters (shard, entry, index, class, code, detail, dedup_key, replay, attempts, bytes,
        replayed_at, discarded_at, discard_reason)
      values (0, ${entry}, ${key === null ? -1 : 0}, 'poison', 'c', 'd', ${key}, ${life}, 1, '', ${replayedAt ?? null},
        ${discardedAt ?? null}, ${discardedAt ? `reason ${entry}` : null})`;
  }
  await admin`insert into dead_letter_actions (letter, action, actor) values (5, 'replay', 'ann'), (3, 'replay', 'bob')`;

  await runMigrations(url);
  const kept = await admin`
    select id::int, replayed_at is not null as sent, discarded_at is not null as discarded, discard_reason as reason
    from dead_letters order by id`;
  const waiting = (id: number) => ({ id, sent: false, discarded: false, reason: null });
  expect([...kept]).toEqual([
    ...[1, 3].map(waiting),
    { id: 4, sent: true, discarded: false, reason: null },
    { id: 7, sent: false, discarded: true, reason: "reason 6" },
    ...[9, 11, 12].map(waiting),
  ]);
  const actions = await admin`select letter::int, actor from dead_letter_actions order by id`;
  expect([...actions]).toEqual([
    { letter: 4, actor: "ann" },
    { letter: 3, actor: "bob" },
  ]);
  await close();
});
