import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { describe, expect, test } from "vitest";
import { checkPostgresUrl } from "./connection-check.ts";
import { type PostgresTarget, readPostgresUrl } from "./connection-url.ts";

const targetOf = (url: string): PostgresTarget => {
  const read = readPostgresUrl(url);
  if (read.kind === "refused") throw new Error(read.reason);
  return read.target;
};
const reasonOf = (url: string): string => {
  const read = readPostgresUrl(url);
  return read.kind === "refused" ? read.reason : "it is usable";
};
const places = ({ hosts }: PostgresTarget) =>
  hosts.map(({ address, port, socketPath }) => socketPath ?? [address, port]);

describe("a Postgres URL", () => {
  test("as Neon prints it: the login cannot be bound to the TLS session, so the certificate must be right", () => {
    const url =
      "postgresql://own%40er:p%40ss@ep-cool-1-pooler.eu.aws.neon.tech/neondb?sslmode=require&channel_binding=require";
    expect(targetOf(url)).toMatchObject({
      user: "own@er",
      password: "p@ss",
      database: "neondb",
      hosts: [{ host: "ep-cool-1-pooler.eu.aws.neon.tech", port: 5432 }],
      tls: { verified: "host", optional: false },
      startup: {},
    });
  });

  test("as Supabase and Prisma print it: a pooler gets no prepared statements", () => {
    const url =
      "postgresql://postgres.abc:pw@aws-0-eu.pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1";
    expect(targetOf(url)).toMatchObject({ pooled: true, prepared: false, connectionsMax: 1, user: "postgres.abc" });
    const prisma =
      "postgresql://u:p@h/db?schema=sh%22op&pool_timeout=20&connect_timeout=7&socket_timeout=3&sslaccept=strict";
    expect(targetOf(prisma)).toMatchObject({
      connectTimeoutS: 7,
      startup: { search_path: '"sh""op"' },
      tls: { verified: "host" },
    });
  });

  test("as libpq knows it", () => {
    const url =
      "postgres://u@h/db?application_name=shop&options=-c%20work_mem%3D8MB&keepalives_idle=30&target_session_attrs=any";
    expect(targetOf(url)).toMatchObject({
      startup: { application_name: "shop", options: "-c work_mem=8MB" },
      keepaliveS: 30,
      writable: false,
      tls: null,
      password: undefined,
    });
    expect(targetOf("postgres://?host=h&port=5433&user=me@azure&password=a%26b&dbname=d")).toMatchObject({
      hosts: [{ host: "h", port: 5433 }],
      user: "me@azure",
      password: "a&b",
      database: "d",
    });
    expect(targetOf("postgres://u:p:q@h?keepalives=0&search_path=shop,public&app.tenant=7")).toMatchObject({
      password: "p:q",
      keepaliveS: 0,
      startup: { search_path: "shop,public", "app.tenant": "7" },
    });
  });

  test.each([
    ["postgres://h/db", [["h", 5432]]],
    ["postgres://h:/db", [["h", 5432]]],
    ["postgres:///db", [["localhost", 5432]]],
    ["postgres://[::1]:5433/db", [["::1", 5433]]],
    ["postgres://u:p@[::1]/db", [["::1", 5432]]],
    [
      "postgres://a:1,b:2,[::1]/db",
      [
        ["a", 1],
        ["b", 2],
        ["::1", 5432],
      ],
    ],
    [
      "postgres://a,b/db?port=6432",
      [
        ["a", 6432],
        ["b", 6432],
      ],
    ],
    [
      "postgres:///db?host=a,b&port=1,2",
      [
        ["a", 1],
        ["b", 2],
      ],
    ],
    ["postgres://h/db?hostaddr=10.0.0.1", [["10.0.0.1", 5432]]],
    ["postgres:///db?host=/cloudsql/p:r:i", ["/cloudsql/p:r:i/.s.PGSQL.5432"]],
    ["postgres://u@%2Fvar%2Frun%2Fpostgresql:5433/db", ["/var/run/postgresql/.s.PGSQL.5433"]],
  ])("%s is dialled at %j", (url, expected) => {
    expect(places(targetOf(url))).toEqual(expected);
  });

  test("with several hosts means the one that takes writes", () => {
    expect(targetOf("postgres://a,b/db").writable).toBe(true);
    expect(targetOf("postgres://a/db").writable).toBe(false);
    expect(targetOf("postgres://a/db?target_session_attrs=read-write").writable).toBe(true);
  });

  test.each([
    ["sslmode=disable", null],
    ["sslmode=prefer", { verified: "host", optional: true }],
    ["sslmode=allow", { verified: "host", optional: true }],
    ["sslmode=require", { verified: "host", optional: false }],
    ["sslmode=verify-ca", { verified: "authority" }],
    ["sslmode=verify-full", { verified: "host" }],
    ["sslmode=no-verify", { verified: "nothing", optional: false }],
    ["ssl=true", { verified: "host" }],
    ["ssl=no-verify", { verified: "nothing" }],
    ["ssl=false", null],
    ["sslaccept=accept_invalid_certs", { verified: "nothing" }],
    ["sslmode=require&sslrootcert=ca.pem", { verified: "authority", authorityFile: "ca.pem" }],
    ["sslmode=verify-full&sslrootcert=ca.pem", { verified: "host", authorityFile: "ca.pem" }],
    ["sslrootcert=system", { verified: "host", authorityFile: undefined }],
    ["channel_binding=require", { verified: "host", optional: false }],
    ["channel_binding=require&sslmode=prefer", { verified: "host", optional: false }],
    ["channel_binding=prefer", null],
    ["sslnegotiation=direct&sslmode=require", { direct: true, optional: false }],
    ["sslmode=require&sslcert=c&sslkey=k&sslpassword=s", { certificateFile: "c", keyFile: "k", keyPassphrase: "s" }],
    ["sslmode=require&ssl_min_protocol_version=TLSv1.3", { versionMin: "TLSv1.3" }],
  ])("with %s encrypts as %j", (query, tls) => {
    const target = targetOf(`postgres://h/db?${query}`);
    if (tls === null) expect(target.tls).toBeNull();
    else expect(target.tls).toMatchObject(tls);
  });

  test.each(["prepare=false", "no_prepare=true", "statement_cache_size=0", "pgbouncer=true"])(
    "with %s prepares nothing",
    (query) => {
      expect(targetOf(`postgres://h/db?${query}`).prepared).toBe(false);
    },
  );

  test("ignores what is harmless", () => {
    const query =
      "gssencmode=prefer&keepalives_count=3&supa=base-pooler.x&uselibpqcompat=true&max=20&sslsni=1&sslmode=";
    expect(targetOf(`postgres://h/db?${query}`)).toMatchObject({ tls: null, startup: {} });
  });
});

describe("a Postgres URL that can never work", () => {
  test.each([
    ["mysql://u:s3cret@h/db", "must look like postgres://"],
    ["postgresql+psycopg2://u:s3cret@h/db", "must look like postgres://"],
    ["host=h user=u password=s3cret", "must look like postgres://"],
    ['"postgres://u:s3cret@h/db"', "must look like postgres://"],
    ["postgres://u:s3cret@h/db\n", "a space or a control character"],
    ["postgres://u:s3cr et@h/db", "a space or a control character"],
    ["postgres://u:s3cr@et@h/db", "percent-encoded"],
    ["postgres://u:s3cr/et@h/db", "percent-encoded"],
    ["postgres://u:1234/s3cret@h/db", "percent-encoded"],
    ["postgres://u:s3cr#et@h/db", "percent-encoded"],
    ["postgres://u:1234#s3cret@h/db", "percent-encoded"],
    ["postgres://u:s3cr?et@h/db", "percent-encoded"],
    ["postgres://u:1234?s3cret@h/db", "percent-encoded"],
    ["postgres://u:1234?s3cret=x@h/db", "percent-encoded"],
    ["postgres://u:s3cr%et@h/db", "percent-encoded"],
    ["postgres://u:s3cret%00@h/db", "%00"],
    ["postgres://u:s3cret@h:0/db", "a port must be"],
    ["postgres://u:s3cret@h:65536/db", "a port must be"],
    ["postgres://u:s3cret@h:54x/db", "a port must be"],
    ["postgres://u:s3cret@::1:5432/db", "in brackets"],
    ["postgres://u:s3cret@[::1/db", "in brackets"],
    ["postgres://u:s3cret@a,b/db?port=1,2,3", "port must have one value"],
    ["postgres://u:s3cret@h/db?sslmode=on", "sslmode accepts disable, allow, prefer"],
    ["postgres://u:s3cret@h/db?channel_binding=require&sslmode=disable", "channel_binding=require needs"],
    ["postgres://u:s3cret@h/db?channel_binding=require&sslmode=no-verify", "channel_binding=require needs"],
    ["postgres://u:s3cret@h/db?channel_binding=yes", "channel_binding accepts"],
    ["postgres://u:s3cret@h/db?sslnegotiation=direct&sslmode=prefer", "sslnegotiation=direct needs"],
    ["postgres://u:s3cret@h/db?connect_timeout=soon", "connect_timeout accepts"],
    ["postgres://u:s3cret@h/db?pgbouncer=maybe", "pgbouncer accepts"],
    ["postgres://u:s3cret@h/db?target_session_attrs=standby", "takes no writes"],
    ["postgres://u:s3cret@h/db?target_session_attrs=master", "target_session_attrs accepts"],
    ["postgres://u:s3cret@h/db?client_encoding=LATIN1", "client_encoding accepts"],
    ["postgres://u:s3cret@h/db?service=shop", "service is not supported"],
    ["postgres://u:s3cret@h/db?require_auth=scram-sha-256", "require_auth is not supported"],
    ["postgres://u:s3cret@h/db?statment_timeout=5", "statment_timeout is no parameter"],
    ["postgres://u:s3cret@h/db?sslmode", "name=value"],
    ["postgres://u:s3cret@h/db?sslcert=c", "need each other"],
  ])("%j says why, and shows no secret", (url, reason) => {
    expect(reasonOf(url)).toContain(reason);
    expect(reasonOf(url)).not.toMatch(/s3cr|et@|1234/);
    expect(reasonOf(url)).not.toContain("\n");
  });
});

test("a file that the URL names is read at the start", () => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-pem-"));
  const pathOf = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return encodeURIComponent(join(folder, name));
  };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = pathOf("certificate", rootCertificates[0] ?? "");
  const key = pathOf("key", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const checked = (query: string) => {
    const read = checkPostgresUrl(`postgres://h/db?${query}`);
    return read.kind === "refused" ? read.reason : read.kind;
  };
  expect(checked(`sslrootcert=${certificate}`)).toBe("usable");
  expect(checked(`sslcert=${certificate}&sslkey=${key}`)).toBe("usable");
  const noCertificate = "must be the path of a readable PEM file with a certificate";
  const noKey = "sslkey must be the path of a readable PEM file with a private key";
  for (const other of [key, encodeURIComponent(import.meta.filename), pathOf("empty", "")])
    expect(checked(`sslrootcert=${other}`)).toBe(`sslrootcert ${noCertificate}`);
  expect(checked(`sslcert=${key}&sslkey=${key}`)).toBe(`sslcert ${noCertificate}`);
  for (const other of [certificate, "%2Fno%2Fs3cret"])
    expect(checked(`sslcert=${certificate}&sslkey=${other}`)).toBe(noKey);
  rmSync(folder, { recursive: true });
});
