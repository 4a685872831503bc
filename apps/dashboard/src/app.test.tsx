/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { describe, expect, test } from "vitest";
import { createApp } from "./app.tsx";
import type { Readiness } from "./health.ts";
import type { DashboardPorts, LetterRow } from "./ports.ts";

const PASSWORD = "correct horse battery";
const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`;

const letter: LetterRow = {
  id: "7",
  deadLetterClass: "oversize",
  code: "message_too_large",
  detail: hostile,
  type: hostile,
  source: hostile,
  eventId: hostile,
  partitionKey: hostile,
  topic: "t",
  shard: 0,
  attempts: 3,
  replay: 0,
  createdAtMs: 0,
};

const ready: Readiness = { status: "up", checks: { redis: { status: "up" }, postgres: { status: "up" } } };

type Calls = { replayed: string[]; discarded: [string, string][] };

const setUp = (over: Partial<DashboardPorts> = {}) => {
  const calls: Calls = { replayed: [], discarded: [] };
  let tokens = 0;
  const ports: DashboardPorts = {
    shards: async () => [
      {
        shard: 0,
        known: {
          backlogEvents: 12_431,
          backlogBytes: 2048,
          oldestAgeMs: 90_000,
          relayed: 5,
          dead: 1,
          owner: "relay-a",
          fencedForMs: 3_000,
        },
      },
      { shard: 1, known: null },
    ],
    outbox: async () => [{ shard: 0, rows: 2, events: 9, oldestAtMs: 0, exact: true }],
    breakers: async () => [{ name: "stream", status: "down", warnings: ["appendonly is no"] }],
    unaccounted: async () => 0,
    totals: async () => ({ total: 1, capped: false, oldestAtMs: 0 }),
    letters: async () => ({ letters: [letter], next: "6" }),
    replay: async (id) => {
      calls.replayed.push(id);
      return { done: 1, refusals: [] };
    },
    discard: async (id, reason) => {
      calls.discarded.push([id, reason]);
      return { done: 0, refusals: ["already replayed"] };
    },
    health: { readiness: async () => ready, isStopping: () => false },
    clock: systemClock,
    platform,
    randomToken: () => `token-${++tokens}`,
    log: () => undefined,
    ...over,
  };
  const app = createApp(ports, { password: PASSWORD, https: false, assets: { css: "", script: "" } });
  return { app, calls };
};

type App = ReturnType<typeof setUp>["app"];
const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: "POST",
  body: new URLSearchParams(fields).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
});

const logIn = async (app: App) => {
  const response = await app.request("/login", form({ password: PASSWORD }));
  const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await (await app.request("/", { headers: { cookie } })).text();
  return { cookie, page, token: /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "" };
};

test("probes need no login", async () => {
  const { app } = setUp();
  expect(await (await app.request("/livez")).json()).toEqual({ status: "up" });
  expect(await (await app.request("/readyz")).json()).toEqual(ready);
  const { app: other } = setUp({
    health: { readiness: async () => ({ ...ready, status: "stopping" }), isStopping: () => true },
  });
  expect((await other.request("/readyz", { method: "HEAD" })).status).toBe(503);
  expect((await other.request("/", { method: "OPTIONS" })).status).toBe(503);
});

describe("without a session", () => {
  test("every page leads to the login and every change is refused", async () => {
    const { app, calls } = setUp();
    const page = await app.request("/");
    expect([page.status, page.headers.get("location")]).toEqual([303, "/login"]);
    expect(await page.text()).not.toContain("relay-a");
    expect((await app.request("/dead-letters/7/replay", form({}))).status).toBe(401);
    expect(calls.replayed).toEqual([]);
  });

  test("a wrong password opens nothing, and guessing is slowed down", async () => {
    const { app } = setUp();
    for (let i = 0; i < 5; i++) {
      const response = await app.request("/login", form({ password: `guess-${i}` }));
      expect([response.status, response.headers.get("set-cookie")]).toEqual([401, null]);
    }
    const next = await app.request("/login", form({ password: PASSWORD }));
    expect(next.status).toBe(429);
    expect(Number(next.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("the password counts only as a form", async () => {
    const { app } = setUp();
    const response = await app.request("/login", {
      method: "POST",
      body: JSON.stringify({ password: PASSWORD }),
      headers: { "content-type": "text/plain" },
    });
    expect(response.status).toBe(401);
  });
});

describe("with a session", () => {
  test("the page shows ages before counts, unknown instead of zero, and the state in words", async () => {
    const { page } = await logIn(setUp().app);
    for (const text of [
      "<!doctype html>",
      "12,431",
      "90 s",
      "relay-a",
      "fenced",
      "unknown",
      "1 of 2 shards cannot be read",
      "appendonly is no",
    ])
      expect(page).toContain(text);
  });

  test("nothing that came from an event becomes markup", async () => {
    const { page } = await logIn(setUp().app);
    expect(page).toContain("&lt;script&gt;alert(1)");
    expect(page).not.toMatch(/<script>|<img/);
  });

  test("a change needs the session's token", async () => {
    const { app, calls } = setUp();
    const { cookie, token } = await logIn(app);
    const post = (fields: Record<string, string>) => app.request("/dead-letters/7/replay", form(fields, { cookie }));
    expect((await post({})).status).toBe(403);
    expect((await post({ form_token: "token-99" })).status).toBe(403);
    expect(calls.replayed).toEqual([]);
    expect((await post({ form_token: token })).status).toBe(303);
    expect(calls.replayed).toEqual(["7"]);
  });

  test("a discard needs a reason and tells what came of it", async () => {
    const { app, calls } = setUp();
    const { cookie, token } = await logIn(app);
    const post = (reason: string) =>
      app.request("/dead-letters/7/discard", form({ form_token: token, reason }, { cookie }));
    expect((await post("  ")).status).toBe(422);
    const response = await post("a test");
    expect(decodeURIComponent(response.headers.get("location") ?? "")).toContain("already replayed");
    expect(calls.discarded).toEqual([["7", "a test"]]);
  });

  test("ends at logout", async () => {
    const { app } = setUp();
    const { cookie, token } = await logIn(app);
    await app.request("/logout", form({ form_token: token }, { cookie }));
    expect((await app.request("/", { headers: { cookie } })).status).toBe(303);
  });

  test("no page may be framed, run foreign script or be kept", async () => {
    const { app } = setUp();
    const { cookie } = await logIn(app);
    const { headers } = await app.request("/", { headers: { cookie } });
    expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("a backend that does not answer is unknown on a page that still comes", async () => {
    const { page } = await logIn(
      setUp({ outbox: async () => null, letters: async () => null, totals: async () => null }).app,
    );
    expect(page).toContain("Postgres does not answer");
  });
});
