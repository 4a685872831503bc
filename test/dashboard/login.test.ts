import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Running, startApp } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { afterEach, beforeEach, expect, test } from "vitest";

/* The login over real sockets; nothing behind the dashboard is needed for it. */
const PASSWORD = "password of the tests";
const NOWHERE = "127.0.0.1:1";
const FORM = "application/x-www-form-urlencoded";
let dashboard: Running;

beforeEach(async () => {
  dashboard = await startApp({
    name: "dashboard",
    entry: fileURLToPath(new URL("../../apps/dashboard/src/main.bun.ts", import.meta.url)),
    env: {
      ENVIRONMENT: "production",
      DASHBOARD_PASSWORD: PASSWORD,
      REDIS_URL: `redis://${NOWHERE}`,
      DATABASE_URL: `postgres://nobody@${NOWHERE}/nothing`,
      EDGE_URL: `http://${NOWHERE}`,
      RELAY_URL: `http://${NOWHERE}`,
    },
  });
});
afterEach(() => dashboard.stop());

const logIn = (password: string): Promise<Response> =>
  fetch(`${dashboard.url}/login`, { method: "POST", body: new URLSearchParams({ password }), redirect: "manual" });

const open = async (): Promise<Socket> => {
  const socket = connect(dashboard.port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
};

/** The status of what a socket answers. */
const statusOf = async (socket: Socket): Promise<number> => {
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes("\r\n")) break;
  }
  socket.destroy();
  return Number(text.split(" ")[1]);
};

const head = (...headers: readonly string[]): string =>
  ["POST /login HTTP/1.1", "Host: spillway.example", `Content-Type: ${FORM}`, ...headers, "", ""].join("\r\n");

test("the right password is let in at the first try while strangers guess from the same address", async () => {
  let isOver = false;
  const statuses = new Set<number>();
  const guess = async (): Promise<void> => {
    // Four at a time, each with a pause: some hundred a second, below what is compared at most.
    for (; !isOver; await setTimeout(10)) statuses.add((await logIn("a guess")).status);
  };
  const guesses = Array.from({ length: 4 }, guess);
  await eventually("strangers are told to wait", async () => statuses.has(429));
  const logins: number[] = [];
  for (let i = 0; i < 20; i++) {
    const response = await logIn(PASSWORD);
    logins.push(response.status);
  }
  isOver = true;
  await Promise.all(guesses);
  expect(new Set(logins)).toEqual(new Set([303]));
});

test("half-sent guesses are counted when they are looked at", async () => {
  const sockets = await Promise.all(Array.from({ length: 300 }, open));
  for (const socket of sockets) socket.write(`${head("Content-Length: 14")}passw`);
  // Asked on the last connection of all: by its answer the dashboard has seen the heads before it.
  expect((await fetch(`${dashboard.url}/livez`)).status).toBe(200);
  for (const socket of sockets) socket.write("ord=guess");
  const statuses = await Promise.all(sockets.map(statusOf));
  expect(statuses.filter((status) => status === 401)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(295);
  expect((await logIn(PASSWORD)).status).toBe(303);
});

test("whatever a stranger sends is answered as his fault, and fills no log with errors", async () => {
  const big = `password=${"x".repeat(9_000)}`;
  const requests: readonly (readonly [number, string])[] = [
    [413, head("Content-Length: 9009") + big],
    [413, `${head("Transfer-Encoding: chunked")}2331\r\n${big}\r\n0\r\n\r\n`],
    [400, `${head("Content-Length: 12")}password=%ff`],
    [403, `${head("Origin: http://evil.example", "Content-Length: 10")}password=x`],
    [403, `${head("Sec-Fetch-Site: cross-site", "Content-Length: 10")}password=x`],
    [401, head("Content-Length: 0")],
    [401, head("Content-Length: 0").replace("/login", "/dead-letters/%ff/replay")],
    [401, head("Content-Length: 0", "Cookie: __Host-session=%ff; session=%").replace("/login", "/logout")],
  ];
  for (const [status, request] of requests) {
    const socket = await open();
    socket.write(request);
    expect([status, await statusOf(socket)]).toEqual([status, status]);
  }
  const socket = await open();
  socket.write(`${head("Content-Length: 100")}passw`);
  socket.destroy();
  expect((await logIn(PASSWORD)).status).toBe(303);
  expect(await readFile(dashboard.logFile, "utf8")).not.toContain('"error"');
});

test("a browser that drops the cookie of plain http is told so", async () => {
  const response = await logIn(PASSWORD);
  expect(response.headers.get("set-cookie")).toMatch(/^__Host-session=.*Secure/);
  const next = await fetch(new URL(response.headers.get("location") ?? "", dashboard.url), { redirect: "manual" });
  expect(await next.text()).toMatch(/The password is right, but the browser did not keep the session: over plain http/);
});
