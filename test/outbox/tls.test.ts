import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, startPostgres } from "@spillway/backends";
import { createOutboxTier } from "@spillway/outbox";
import { openDatabase } from "@spillway/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { selfSign } from "../support/certificate.ts";
import { adminOf, freshDatabase } from "./fresh-database.ts";

const DEADLINE_MS = 10_000;
const hasOpenssl = spawnSync("/usr/bin/openssl", ["version"]).status === 0;

describe.runIf(hasOpenssl)("a Postgres with a certificate that nobody vouches for", () => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-tls-"));
  const [certificate, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  let server: Running;

  beforeAll(async () => {
    selfSign(certificate, key);
    server = await startPostgres();
    const admin = adminOf(server.url);
    const [row] = await admin<{ folder: string }[]>`select current_setting('data_directory') as folder`;
    const { uid, gid } = statSync(row?.folder ?? "");
    for (const file of [folder, certificate, key]) chownSync(file, uid, gid);
    chmodSync(key, 0o600);
    for (const [name, value] of [
      ["ssl_cert_file", certificate],
      ["ssl_key_file", key],
      ["ssl_ca_file", certificate],
      ["ssl", "on"],
    ])
      await admin.unsafe(`alter system set ${name} = '${value}'`);
    await admin`select pg_reload_conf()`;
    await admin.end();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  test.each(["require", "prefer", "allow", "verify-ca", "verify-full"])(
    "sslmode=%s believes no certificate that nobody vouches for",
    async (mode) => {
      const url = new URL(await freshDatabase(server.url));
      url.searchParams.set("sslmode", mode);
      const database = openDatabase({ url: url.href });
      const health = await createOutboxTier({ database }).health(DEADLINE_MS);
      expect(health).toEqual({ status: "down", warnings: ["certificate_refused"], promise: null });
      await database.close();
    },
  );

  const askedWith = async (query: string, host = "127.0.0.1") => {
    const url = `${(await freshDatabase(server.url)).replace("127.0.0.1", host)}?${query}`;
    const database = openDatabase({ url });
    const answer = database.run(
      DEADLINE_MS,
      (sql) => sql`select ssl, client_dn from pg_stat_ssl where pid = pg_backend_pid()`,
    );
    const [row] = await answer.catch((error: Error) => [{ refused: error.message }]);
    await database.close();
    return row;
  };
  const own = `sslrootcert=${encodeURIComponent(certificate)}`;
  const itself = `sslcert=${encodeURIComponent(certificate)}&sslkey=${encodeURIComponent(key)}`;

  test.each([
    "sslmode=no-verify",
    "sslaccept=accept_invalid_certs",
    `sslmode=require&${own}`,
    `sslmode=verify-ca&${own}`,
    `sslmode=prefer&${own}`,
    own,
    `sslnegotiation=direct&sslmode=require&${own}`,
    `sslmode=verify-ca&${own}&ssl_min_protocol_version=TLSv1.3`,
  ])("%s encrypts, at an address that the certificate does not name", async (query) => {
    expect(await askedWith(query)).toMatchObject({ ssl: true });
  });

  test.each([`sslmode=verify-full&${own}`, `sslmode=require&channel_binding=require&${own}`])(
    "%s wants the host's name in the certificate, too",
    async (query) => {
      expect(await askedWith(query)).toEqual({ refused: "Postgres: certificate_refused" });
      expect(await askedWith(query, "localhost")).toMatchObject({ ssl: true });
    },
  );

  test("sslcert and sslkey show who we are", async () => {
    expect(await askedWith(`${own}&${itself}`)).toMatchObject({ ssl: true, client_dn: "/CN=localhost" });
  });

  test("a file that cannot be read, and a host behind one that does not encrypt", async () => {
    expect(await askedWith("sslrootcert=/no/such/file")).toEqual({ refused: "Postgres: certificate_file_unreadable" });
    const open = await startPostgres();
    expect(await askedWith(`${own}&sslmode=require`, `127.0.0.1:${open.port},127.0.0.1`)).toMatchObject({ ssl: true });
    const url = `${open.url}?sslmode=require`;
    const database = openDatabase({ url });
    const health = await createOutboxTier({ database }).health(DEADLINE_MS);
    expect(health).toEqual({ status: "down", warnings: ["tls_not_offered"], promise: null });
    await database.close();
    await open.stop();
  });

  test("sslmode=disable, and none, connect without", async () => {
    for (const query of ["?sslmode=disable", ""]) {
      const database = openDatabase({ url: `${await freshDatabase(server.url)}${query}` });
      expect(await createOutboxTier({ database }).health(DEADLINE_MS)).toMatchObject({ status: "up" });
      await database.close();
    }
  });
});
