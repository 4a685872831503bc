import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, startPostgres } from "@spillway/backends";
import { runMigrations } from "@spillway/drizzle";
import { createOutboxTier } from "@spillway/outbox";
import { openDatabase } from "@spillway/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminOf, freshDatabase } from "./fresh-database.ts";
import { startPooler } from "./pooler.ts";

const DEADLINE_MS = 5_000;
const NOBODY = "127.0.0.1:1";
const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === "::1"));
const sockets = mkdtempSync(join(tmpdir(), "spillway-sockets-"));
chmodSync(sockets, 0o777);

let server: Running;
/** A server that is there and takes no writes, as a standby. */
let readOnly: Running;
let plain: string;
let name: string;
beforeAll(async () => {
  [server, readOnly] = await Promise.all([
    startPostgres({ settings: { unix_socket_directories: sockets } }),
    startPostgres({ settings: { default_transaction_read_only: "on" } }),
  ]);
  plain = await freshDatabase(server.url);
  name = new URL(plain).pathname.slice(1);
  const admin = adminOf(readOnly.url);
  await admin`set default_transaction_read_only = off`;
  await admin.unsafe(`create database ${name}`);
  await admin.end();
});
afterAll(async () => {
  await Promise.all([server.stop(), readOnly.stop()]);
  rmSync(sockets, { recursive: true });
});

const chunk = () => ({ shard: 0, chunk: crypto.getRandomValues(new Uint8Array(32)), events: 1, dedupKeys: "" });

/** Appends a chunk through `url` and reads it back at the server itself, with another client. */
const expectWritten = async (url: string, options: { readonly pooled?: boolean } = {}): Promise<void> => {
  const database = openDatabase({ url, ...options });
  const written = chunk();
  const answers = await createOutboxTier({ database }).append([written], DEADLINE_MS);
  await database.close();
  expect(answers).toMatchObject([{ kind: "ok" }]);
  const admin = adminOf(plain);
  expect(await admin`select 1 from outbox where chunk = ${written.chunk}`).toHaveLength(1);
  await admin.end();
};

const shown = async (url: string, setting: string): Promise<unknown> => {
  const database = openDatabase({ url });
  const [row] = await database.run(DEADLINE_MS, (sql) => sql`select current_setting(${setting}) as value`);
  await database.close();
  return row?.value;
};

describe("a Postgres is reached", () => {
  test.each([
    "sslmode=disable",
    "sslmode=prefer",
    "sslmode=allow",
    "sslmode=prefer&channel_binding=prefer",
    "pgbouncer=true",
    "pgbouncer=true&connection_limit=1&pool_timeout=0",
    "schema=public&connect_timeout=5&socket_timeout=9&statement_cache_size=0",
    "prepare=false",
    "application_name=shop&options=-c%20work_mem%3D8MB",
    "target_session_attrs=read-write",
    "target_session_attrs=any&load_balance_hosts=disable",
    "keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=0",
    "gssencmode=disable&krbsrvname=postgres",
  ])("with ?%s", async (query) => {
    await expectWritten(`${plain}?${query}`);
  });

  test.each([
    ["postgresql", () => plain.replace("postgres:", "postgresql:")],
    ["its user and database as parameters", () => `postgres://127.0.0.1:${server.port}?user=postgres&dbname=${name}`],
    ["its host and port as parameters", () => `postgres://postgres@/${name}?host=127.0.0.1&port=${server.port}`],
    ["a socket as a parameter", () => `postgres://postgres@/${name}?host=${sockets}&port=${server.port}`],
    ["a socket as the host", () => `postgres://postgres@${encodeURIComponent(sockets)}:${server.port}/${name}`],
    [
      "a socket and sslmode=require",
      () => `postgres://postgres@/${name}?host=${sockets}&port=${server.port}&sslmode=require`,
    ],
    ["hosts of which nobody is at the first", () => `postgres://postgres@${NOBODY},127.0.0.1:${server.port}/${name}`],
    [
      "hosts of which the first is unknown",
      () => `postgres://postgres@no.such.host.invalid,127.0.0.1/${name}?port=${server.port}`,
    ],
    [
      "hosts of which the first takes no writes",
      () => `postgres://postgres@127.0.0.1:${readOnly.port},127.0.0.1:${server.port}/${name}`,
    ],
    [
      "hosts of which two take no writes",
      () =>
        `postgres://postgres@${NOBODY},127.0.0.1:${readOnly.port},127.0.0.1:${server.port}/${name}?target_session_attrs=primary`,
    ],
  ])("by %s", async (_, url) => {
    await expectWritten(url());
    await expectWritten(url(), { pooled: false });
  });

  test("with the settings that the URL brings along", async () => {
    expect(await shown(`${plain}?application_name=shop`, "application_name")).toBe("shop");
    expect(await shown(plain, "application_name")).toBe("spillway");
    expect(await shown(`${plain}?options=-c%20work_mem%3D9MB`, "work_mem")).toBe("9MB");
    expect(await shown(`${plain}?schema=sh%22op`, "search_path")).toBe('"sh""op"');
    expect(await shown(`${plain}?statement_timeout=77`, "statement_timeout")).toBe("77ms");
    expect(await shown(plain, "statement_timeout")).toBe("2s");
  });

  test.runIf(hasIpv6)("over ::1", async () => {
    const six = await startPostgres({ settings: { listen_addresses: "127.0.0.1,::1" } });
    const database = openDatabase({ url: six.url.replace("127.0.0.1", "[::1]") });
    const [row] = await database.run(DEADLINE_MS, (sql) => sql`select inet_server_addr()::text as at`);
    expect(row?.at).toBe("::1/128");
    await database.close();
    await six.stop();
  });
});

describe("a pooler that takes no settings", () => {
  test.each(["", "?pgbouncer=true"])("is found out with a URL that ends in %j", async (query) => {
    const pooler = await startPooler(server.port);
    const url = `postgres://postgres@127.0.0.1:${pooler.port}/${name}${query}`;
    await expectWritten(url);
    expect(pooler.prepared).toEqual([""]);
    expect(pooler.refused).toEqual(query === "" ? ["statement_timeout"] : []);
    expect(await runMigrations(url)).toMatchObject({ applied: [] });
    await pooler.stop();
  });
});

describe("several hosts", () => {
  test("are left for the next one when theirs is gone, and it is asked again when all are", async () => {
    const spare = await startPostgres();
    await runMigrations(spare.url);
    const url = `postgres://postgres@127.0.0.1:${spare.port},127.0.0.1:${server.port}/postgres`;
    const database = openDatabase({ url });
    const port = async () => {
      const [row] = await database.run(DEADLINE_MS, (sql) => sql`select inet_server_port() as port`);
      return row?.port;
    };
    expect(await port()).toBe(spare.port);
    await spare.kill();
    await expect.poll(() => port().catch((error: Error) => error.message)).toBe(server.port);
    await database.close();
    await spare.stop();
  });

  test("of which none answers refuse each statement once, and do not dial without an end", async () => {
    const database = openDatabase({ url: `postgres://postgres@${NOBODY},127.0.0.1:2/postgres` });
    const refused = database.run(DEADLINE_MS, (sql) => sql`select 1`);
    await expect(refused).rejects.toMatchObject({ code: "connection_refused" });
    await database.close();
  });
});
