import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, startPostgres } from "@spillway/devstack";
import { createOutboxTier, openDatabase } from "@spillway/outbox";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminOf, freshDatabase } from "./fresh-database.ts";

const DEADLINE_MS = 10_000;
const hasOpenssl = spawnSync("/usr/bin/openssl", ["version"]).status === 0;

/** A certificate that nobody vouches for, which is what whoever sits in the middle can show. */
const selfSign = (certificate: string, key: string): void => {
  const files = ["-keyout", key, "-out", certificate];
  const subject = ["-subj", "/CN=localhost", "-days", "1"];
  execFileSync("/usr/bin/openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...subject], {
    stdio: "ignore",
  });
};

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
      expect(health).toEqual({ status: "down", warnings: ["certificate_refused"] });
      await database.close();
    },
  );

  test("sslmode=disable, and none, connect without", async () => {
    for (const query of ["?sslmode=disable", ""]) {
      const database = openDatabase({ url: `${await freshDatabase(server.url)}${query}` });
      expect(await createOutboxTier({ database }).health(DEADLINE_MS)).toMatchObject({ status: "up" });
      await database.close();
    }
  });
});
