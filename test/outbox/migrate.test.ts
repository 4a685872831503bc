import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Running, startPostgres } from "@spillway/backends";
import { schemaWarnings } from "@spillway/outbox/tier";
import { openDatabase } from "@spillway/postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminOf } from "./fresh-database.ts";

/* As an operator types it, with nothing in the environment but what he was told to set. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const PATH = [dirname(process.execPath), process.env.PATH].join(":");

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

const migrate = (settings: Readonly<Record<string, string>>): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { PATH, HOME: process.env.HOME ?? root, ...settings };
    execFile("npm", ["run", "--silent", "migrate"], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });

const refused = (sentence: string) => ({ code: 1, stdout: "", stderr: `${sentence}\n` });

let server: Running;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const urlOf = (database: string, user = "postgres"): string => {
  const url = new URL(server.url);
  Object.assign(url, { pathname: `/${database}`, username: user, password: "hunter2" });
  return url.href;
};

test("four at once: one says what it applied, the others that there is nothing to do", async () => {
  const ended = await Promise.all(Array.from({ length: 4 }, () => migrate({ DATABASE_URL: server.url })));
  expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(ended.map(() => [0, ""]));
  const said = ended.map(({ stdout }) => stdout);
  expect(said.filter((line) => /^\d+ migrations applied: 0000_tables, .*\n$/.test(line))).toHaveLength(1);
  expect(said.filter((line) => /^nothing to do, \d+ migrations were applied before\n$/.test(line))).toHaveLength(3);
});

test("what cannot be is one sentence, without the URL", async () => {
  expect(await migrate({})).toEqual(
    refused("DATABASE_URL: got nothing; accepts a URL as postgres://user:password@host:port/database"),
  );
  expect(await migrate({ DATABASE_URL: "postgres://postgres:hunter2@127.0.0.1:1/postgres" })).toEqual(
    refused("DATABASE_URL: no server listens at its host and port"),
  );
  expect(await migrate({ DATABASE_URL: urlOf("nowhere") })).toEqual(
    refused("DATABASE_URL: the server has no database of that name"),
  );
});

test("a right that its user lacks is named, and a table of that name that is somebody else's", async () => {
  const admin = adminOf(server.url);
  await admin.unsafe("create role guest login password 'hunter2'");
  await admin.unsafe("create database narrow");
  await admin.unsafe("create database taken");
  await admin.end();
  const { code, stderr } = await migrate({ DATABASE_URL: urlOf("narrow", "guest") });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^DATABASE_URL: permission denied for database narrow; .*CREATE.*\n$/),
  ]);
  const other = adminOf(urlOf("taken"));
  await other.unsafe("create table outbox (id int)");
  await other.end();
  expect(await migrate({ DATABASE_URL: urlOf("taken") })).toEqual(
    refused('DATABASE_URL: relation "outbox" already exists'),
  );
});

test("a column that a later migration adds is missed, and the remedy named", async () => {
  await migrate({ DATABASE_URL: server.url });
  const database = openDatabase({ url: server.url });
  const admin = adminOf(server.url);
  expect(await schemaWarnings(database, 2_000)).toEqual([]);
  // Other tables have a column of that name.
  await admin.unsafe("alter table dead_letter_actions drop column created_at");
  expect(await schemaWarnings(database, 2_000)).toEqual(["tables of an older version: npm run migrate"]);
  await admin.end();
  await database.close();
});
