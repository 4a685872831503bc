import { type Running, startPostgres } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { runMigrations } from "@spillway/drizzle";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminOf } from "./fresh-database.ts";

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
