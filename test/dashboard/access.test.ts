import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Running, startApp, startPostgres } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { freshDatabase } from "../outbox/fresh-database.ts";

/* Users in a real Postgres, made by the command, and the dashboard as a process that is killed and started again. */
const NOWHERE = "127.0.0.1:1";
const root = fileURLToPath(new URL("../..", import.meta.url));
let postgres: Running;
let databaseUrl: string;
const running: Running[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());
beforeEach(async () => {
  databaseUrl = await freshDatabase(postgres.url);
});
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

const start = async (env: Record<string, string> = {}): Promise<Running> => {
  const app = await startApp({
    name: "dashboard",
    entry: `${root}apps/dashboard/src/main.bun.ts`,
    env: {
      ENVIRONMENT: "production",
      REDIS_URL: `redis://${NOWHERE}`,
      DATABASE_URL: databaseUrl,
      EDGE_URL: `http://${NOWHERE}`,
      RELAY_URL: `http://${NOWHERE}`,
      ...env,
    },
  });
  running.push(app);
  return app;
};

/** Its words and its exit. */
const command = async (entry: string, args: readonly string[], stdin: string, env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [`${root}${entry}`, ...args], { env: { DATABASE_URL: databaseUrl, ...env } });
  let said = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (data) => (said += String(data)));
  child.stdin.end(stdin);
  const [code] = await once(child, "close");
  return { code, said: said.trim() };
};
const users = (args: readonly string[], password = "") => command("apps/dashboard/src/main.users.ts", args, password);

const form = (fields: Record<string, string>, cookie = "") => ({
  method: "POST",
  body: new URLSearchParams(fields),
  headers: { cookie },
  redirect: "manual" as const,
});
const logIn = async ({ url }: Running, name: string, password: string) => {
  const answer = await fetch(`${url}/login`, form({ name, password }));
  return { status: answer.status, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
};
const page = async ({ url }: Running, path: string, cookie: string) => {
  const answer = await fetch(`${url}${path}`, { headers: { cookie }, redirect: "manual" });
  return { status: answer.status, text: await answer.text() };
};
const tokenIn = (text: string): string => /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? "";

test("with nobody who could get in it does not start, and says what to do", async () => {
  const { code, said } = await command("apps/dashboard/src/main.bun.ts", [], "", {
    REDIS_URL: `redis://${NOWHERE}`,
    EDGE_URL: `http://${NOWHERE}`,
    PATH: "",
  });
  expect(code).toBe(1);
  expect(said).toContain("DASHBOARD_PASSWORD: got nothing, and there is no user in Postgres");
});

test("the command makes users, whose passwords nobody can read, and takes nothing odd", async () => {
  expect(await users(["put", "ann", "operator"], "ann's own password\n")).toEqual({
    code: 0,
    said: "ann may log in, as operator.",
  });
  expect((await users(["put", "ann", "operator"], "short")).code).toBe(1);
  for (const args of [["put", "ann", "admin"], ["put", "a b", "viewer"], ["drop", "ann"], []])
    expect((await users(args, "long enough text")).code).toBe(1);
  const { default: postgresJs } = await import("postgres");
  const admin = postgresJs(databaseUrl);
  const [row] = await admin`select password_hash as hash from users`;
  expect(row?.hash).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,/);
  await admin.end();
});

test("a user's session survives a kill −9, and ends when the user does", async () => {
  await users(["put", "ann", "operator"], "ann's own password");
  const first = await start();
  expect((await logIn(first, "ann", "a wrong password")).status).toBe(401);
  const { status, cookie } = await logIn(first, "ann", "ann's own password");
  expect([status, cookie.startsWith("__Host-session=")]).toEqual([303, true]);
  await first.kill("SIGKILL");
  const again = await start();
  expect(await page(again, "/audit", cookie)).toMatchObject({
    status: 200,
    text: expect.stringContaining("ann (operator)"),
  });
  expect(await users(["disable", "ann"])).toEqual({ code: 0, said: "ann may not log in any more." });
  await eventually("her session is over", async () => (await page(again, "/audit", cookie)).status === 303, 30_000);
  expect((await logIn(again, "ann", "ann's own password")).status).toBe(401);
});

test("a viewer becomes an operator without a new login, and until then changes nothing", async () => {
  await users(["put", "vic", "viewer"], "vic's own password");
  const dashboard = await start();
  const { cookie } = await logIn(dashboard, "vic", "vic's own password");
  const { text } = await page(dashboard, "/jobs", cookie);
  const pause = () => fetch(`${dashboard.url}/jobs/1/pause`, form({ form_token: tokenIn(text) }, cookie));
  expect((await pause()).status).toBe(403);
  await users(["put", "vic", "operator"], "vic's own password");
  await eventually("vic is an operator", async () => (await pause()).status === 404, 30_000);
});

test("below a path it is whole: the login leads to it, and its pages to each other", async () => {
  const dashboard = await start({ BASE_PATH: "/ops/spillway", DASHBOARD_PASSWORD: "password of the tests" });
  const login = await page(dashboard, "/ops/spillway/login", "");
  expect(login.text).toContain('action="/ops/spillway/login"');
  const answer = await fetch(`${dashboard.url}/ops/spillway/login`, form({ password: "password of the tests" }));
  expect(answer.headers.get("location")).toBe("/ops/spillway/?from=login");
  const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  const { status, text } = await page(dashboard, "/ops/spillway/jobs", cookie);
  expect([status, text.includes('href="/ops/spillway/dead-letters"'), / (href|action)="\/(?!ops)/.test(text)]).toEqual([
    200,
    true,
    false,
  ]);
});
