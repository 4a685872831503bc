import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort, type Running, startApp } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askRaw, statusOf } from "./wire.ts";

/* The apps as processes, with nothing behind them: what they do around their work needs no backend. */
const KEY = "sixteen-characters-or-more";
const base = {
  ENVIRONMENT: "development",
  API_KEYS: `shop:${KEY}`,
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1",
  UPSTASH_REDIS_REST_TOKEN: "t",
  REDIS_URL: "redis://127.0.0.1:1",
  DATABASE_URL: "postgres://u@127.0.0.1:1/db",
  EDGE_URL: "http://127.0.0.1:1",
  KAFKA_BROKERS: "127.0.0.1:1",
  DASHBOARD_PASSWORD: "twelve characters",
  TOKEN: "t",
  STOP_DELAY_MS: "0",
};
const root = fileURLToPath(new URL("../..", import.meta.url));
const entries = {
  edge: `${root}apps/edge/src/main.bun.ts`,
  relay: `${root}apps/relay/src/main.bun.ts`,
  dashboard: `${root}apps/dashboard/src/main.bun.ts`,
  "redis-rest": `${root}libs/redis-rest/src/main.ts`,
};
type Name = keyof typeof entries;
const names = Object.keys(entries) as Name[];

const run = (name: Name, env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [entries[name]], {
    env: { ...base, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (bytes) => {
      output[stream] += bytes;
    });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...output }));
  return { child, output, ended };
};

const lives = (port: number) => fetch(`http://127.0.0.1:${port}/livez`).then(({ ok }) => ok);

describe("a request as proxies and monitors send it", () => {
  let apps: Readonly<Record<Name, Running>>;
  beforeAll(async () => {
    const started = await Promise.all(
      names.map(async (name) => [name, await startApp({ name, entry: entries[name], env: base })]),
    );
    apps = Object.fromEntries(started);
  });
  afterAll(async () => void (await Promise.all(Object.values(apps ?? {}).map((app) => app.stop()))));

  const heads = [
    "GET /livez HTTP/1.0\r\n\r\n",
    "HEAD /livez HTTP/1.0\r\n\r\n",
    "OPTIONS /livez HTTP/1.0\r\n\r\n",
    "GET /livez?x=1 HTTP/1.0\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: \r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a:99999\r\n\r\n",
    "GET http://elsewhere.example/livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://elsewhere.example/livez HTTP/1.0\r\n\r\n",
  ];
  test.each(names.flatMap((name) => heads.map((head) => [name, head] as const)))(
    "%s lives for %j",
    async (name, head) => {
      expect(statusOf(await askRaw(apps[name].port, head))).toBe(200);
    },
  );

  const wrong = ["a b", "/", "[::1", "%", "u:p@a#b?c"];
  test.each(names.flatMap((name) => wrong.map((host) => [name, host] as const)))(
    "%s answers 400 to Host: %s, which is none",
    async (name, host) => {
      expect(statusOf(await askRaw(apps[name].port, `GET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n`))).toBe(400);
    },
  );

  test.each(["edge", "relay", "dashboard"] as const)(
    "%s says whether it is ready, and answers OPTIONS /",
    async (name) => {
      const { port } = apps[name];
      const expected = name === "dashboard" ? 200 : 503;
      for (const method of ["GET", "HEAD", "OPTIONS"])
        await expect
          .poll(async () => statusOf(await askRaw(port, `${method} /readyz HTTP/1.0\r\n\r\n`)), { timeout: 20_000 })
          .toBe(expected);
      expect(statusOf(await askRaw(port, "OPTIONS / HTTP/1.0\r\n\r\n"))).toBe(204);
    },
  );

  test("a POST without a Host reaches its handler: no backend, no key, a wrong password", async () => {
    const post = (port: number, path: string, headers: string, body: string) =>
      askRaw(port, `POST ${path} HTTP/1.0\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`);
    const type = "Content-Type: application/json\r\n";
    const stored = await post(apps.edge.port, "/v1/events", `Authorization: bearer ${KEY}\r\n${type}`, '{"type":"t"}');
    expect([statusOf(stored), stored]).toEqual([503, expect.stringContaining('"code":"unavailable"')]);
    expect(statusOf(await post(apps.edge.port, "/v1/events", type, '{"type":"t"}'))).toBe(401);
    const form = "Content-Type: application/x-www-form-urlencoded\r\n";
    expect(statusOf(await post(apps.dashboard.port, "/login", form, "password=x"))).toBe(401);
    expect(statusOf(await post(apps["redis-rest"].port, "/", "Authorization: Bearer t\r\n", '["PING"]'))).toBe(503);
    expect(statusOf(await post(apps.relay.port, "/v1/events", type, "{}"))).toBe(404);
  });

  const odd = ["Host: a b", "Host: [::1", "Host: a:99999", "Host: u@h/x", "Host: \\"];
  test.each(names.flatMap((name) => odd.map((host) => [name, host] as const)))(
    "%s has no 500 for %j, whatever is asked",
    async (name, host) => {
      const chunked = `Transfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n3\r\na=b\r\n0\r\n\r\n`;
      for (const path of ["/", "/login", "/v1/events", "/nothing", "http://x.example/login"]) {
        const status = statusOf(await askRaw(apps[name].port, `POST ${path} HTTP/1.1\r\n${host}\r\n${chunked}`));
        expect([400, 401, 404, 405, 415, 429, 503], path).toContain(status);
      }
    },
  );
});

describe.each(names)("%s as a process", (name) => {
  test("says in sentences which settings are wrong, without a stack or a secret, and ends with 1", async () => {
    const { code, stdout, stderr } = await run(name, {
      PORT: "1e3",
      SHARDS: "0x10",
      REDIS_URL: "http://u:hunter2@h",
      UPSTASH_REDIS_REST_URL: "redis://default:hunter2@h",
    }).ended;
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain('PORT: got "1e3"; accepts an integer from 0 to 65535\n');
    for (const line of stderr.trimEnd().split("\n")) expect(line).toMatch(/^[A-Z_]+: got .*; accepts /);
    expect(stderr).not.toContain("hunter2");
  });

  test.each([
    ["a port that is taken", "127.0.0.1", "another process listens there"],
    ["an address of another machine", "198.51.100.1", "no interface of this machine has that address"],
  ])("says that it cannot listen: %s", async (_, HOST, why) => {
    const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const { port } = taken;
    const { code, stderr } = await run(name, { HOST, PORT: String(port) }).ended;
    await taken.stop(true);
    expect([code, stderr]).toEqual([1, `HOST and PORT: cannot listen on ${HOST}:${port}: ${why}\n`]);
  });

  test("says of a name that it has no address", async () => {
    const { code, stderr } = await run(name, { HOST: "nosuch.invalid", PORT: String(await freePort()) }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^HOST and PORT: cannot listen on nosuch\.invalid:\d+: that name has no address(, or .*)?\n$/,
    );
  });

  test("outlives whoever read its output, and ends with 0 when it is told to", async () => {
    const port = await freePort();
    const { child, ended } = run(name, { PORT: String(port) });
    await eventually(`${name} lives`, () => lives(port));
    child.stdout.destroy();
    child.stderr.destroy();
    for (let n = 0; n < 20; n++)
      await fetch(`http://127.0.0.1:${port}/login`, {
        method: "POST",
        body: new URLSearchParams({ password: "wrong" }),
      });
    expect(await lives(port)).toBe(true);
    child.kill("SIGTERM");
    child.kill("SIGINT");
    expect((await ended).code).toBe(0);
  });
});
