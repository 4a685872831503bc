import { type Running, startPostgres } from "@spillway/backends";
import { createDeadLetters, createDiscard, createReplay } from "@spillway/dead-letters";
import { platform } from "@spillway/event/platform-node";
import { createOutboxTier } from "@spillway/outbox";
import { type Database, durableCommit, openDatabase } from "@spillway/postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { letterOf } from "../conformance/dead-letters.ts";
import { adminOf, freshDatabase } from "./fresh-database.ts";

/* A server that promises nothing: commits are answered before the disk has them, and it takes ten seconds to write. */
const CARELESS = { synchronous_commit: "off", wal_writer_delay: "10000ms", wal_writer_flush_after: "1GB" };
const DEADLINE_MS = 5_000;
const BY = { by: "operator" };

let server: Running;
let url: string;
let database: Database;

beforeAll(async () => {
  server = await startPostgres({ settings: CARELESS });
});
afterAll(() => server.stop());
beforeEach(async () => {
  url = await freshDatabase(server.url);
  database = openDatabase({ url });
});
afterEach(() => database.close());

/** What a table holds after the whole server was killed −9. */
const rowsAfterKill = async (table: string): Promise<number> => {
  await server.kill("SIGKILL");
  await server.restart();
  const admin = adminOf(url);
  const [row] = await admin.unsafe<{ rows: number }[]>(`select count(*)::int as rows from ${table}`);
  await admin.end();
  return row?.rows ?? -1;
};

describe("on a server with synchronous_commit=off", () => {
  test("a plain insert is lost when it is killed −9: the server is as careless as it says", async () => {
    const admin = adminOf(url);
    await admin.unsafe("create table plain (n int)");
    await admin.unsafe("checkpoint");
    for (let n = 0; n < 20; n++) await admin`insert into plain values (${n})`;
    await admin.end();
    expect(await rowsAfterKill("plain")).toBeLessThan(20);
  });

  test("what the outbox tier acknowledged is there all the same", async () => {
    const tier = createOutboxTier({ database });
    for (let n = 0; n < 20; n++)
      expect(await tier.append([chunkOf(n % 4, freshNames(1))], DEADLINE_MS)).toMatchObject([{ kind: "ok" }]);
    expect(await rowsAfterKill("outbox")).toBe(20);
  });

  test("a dead letter that was put is there all the same", async () => {
    const deadLetters = createDeadLetters({ database });
    for (let n = 0; n < 20; n++) await deadLetters.put([letterOf()]);
    expect(await rowsAfterKill("dead_letters")).toBe(20);
  });

  test.each([
    ["a replay", () => createReplay({ database, shards: 4, platform })(["1"], BY)],
    ["a discard", () => createDiscard({ database }).discard(["1"], { ...BY, reason: "r" })],
    ["a restore", () => createDiscard({ database }).restore(["2"], BY)],
  ])("%s that was answered is there all the same", async (_, change) => {
    await createDeadLetters({ database }).put([letterOf(), letterOf()]);
    await createDiscard({ database }).discard(["2"], { ...BY, reason: "r" });
    expect(await change()).toMatchObject({ refused: [] });
    expect(await rowsAfterKill("dead_letter_actions")).toBe(2);
  });

  test("the tier warns of it: an application's own commits are not that careful", async () => {
    const tier = createOutboxTier({ database });
    const because = ["synchronous_commit=off"];
    const promise = { state: "broken", because };
    expect(await tier.health(DEADLINE_MS)).toEqual({ status: "up", warnings: because, promise });
  });
});

test.each([
  ["off", "on"],
  ["local", "local"],
  ["remote_apply", "remote_apply"],
])("a durable commit on a server with synchronous_commit=%s is made with %s: it lowers nothing", async (set, used) => {
  const asked = openDatabase({ url: `${url}?synchronous_commit=${set}` });
  const [row] = await asked.run(
    DEADLINE_MS,
    (sql) => sql`select ${sql.unsafe(durableCommit)}, current_setting('synchronous_commit') as used`,
  );
  await asked.close();
  expect(row?.used).toBe(used);
});

describe("the tier's health", () => {
  test("warns of fsync=off and full_page_writes=off", async () => {
    const reckless = await startPostgres({ settings: { fsync: "off", full_page_writes: "off" } });
    const pool = openDatabase({ url: await freshDatabase(reckless.url) });
    const health = await createOutboxTier({ database: pool }).health(DEADLINE_MS);
    await pool.close();
    await reckless.stop();
    const because = ["fsync=off", "full_page_writes=off"];
    expect(health).toEqual({ status: "up", warnings: because, promise: { state: "broken", because } });
  });

  test("is down for a user who may not write, and up for one with just the rights that an insert needs", async () => {
    const owned = await freshDatabase(server.url);
    const admin = adminOf(owned);
    await admin.unsafe("create role narrow login");
    const asNarrow = new URL(owned);
    asNarrow.username = "narrow";
    const pool = openDatabase({ url: asNarrow.href });
    const tier = createOutboxTier({ database: pool });
    await admin.unsafe("grant select on outbox to narrow; grant select, insert, update on shard_writers to narrow");
    const missing = "its user may not insert into and select from outbox and shard_writers, and update the latter";
    const warnings = ["synchronous_commit=off", missing];
    expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "down", warnings });
    await admin.unsafe("revoke select on outbox from narrow; grant insert on outbox to narrow");
    expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "down", warnings });
    await admin.unsafe("grant select on outbox to narrow; revoke update on shard_writers from narrow");
    expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "down", warnings });
    await admin.unsafe("grant update on shard_writers to narrow");
    expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "up" });
    expect(await tier.append([chunkOf(0, freshNames(1))], DEADLINE_MS)).toMatchObject([{ kind: "ok" }]);
    await pool.close();
    await admin.end();
  });

  test("warns of an unlogged table, and is down without any", async () => {
    const tier = createOutboxTier({ database });
    const admin = adminOf(url);
    await admin.unsafe("alter table outbox set unlogged");
    expect((await tier.health(DEADLINE_MS)).warnings).toContain("outbox is unlogged");
    await admin.unsafe("drop table outbox cascade");
    expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "down" });
    expect((await tier.health(DEADLINE_MS)).warnings).toContain("not migrated: npm run migrate");
    expect(await tier.append([chunkOf(0, freshNames(1))], DEADLINE_MS)).toEqual([
      { kind: "retriable", code: "not_migrated" },
    ]);
    await admin.end();
  });
});
