/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { Unavailable } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { form, logIn, PASSWORD, ready, setUp } from "./app.fixture.tsx";
import { askersOf, soundSights } from "./sights.fixture.ts";

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

  test("a wrong password opens nothing, and the sixth in a minute is told to wait", async () => {
    const { app, logged } = setUp();
    const statuses: number[] = [];
    for (let i = 0; i < 50; i++) {
      const response = await app.request("/login", form({ password: `guess-${i}` }));
      statuses.push(response.status);
      expect(response.headers.get("set-cookie")).toBeNull();
      if (i >= 5) expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([...Array(5).fill(401), ...Array(45).fill(429)]);
    expect(logged).toEqual([...Array(5).fill("warn login.failed"), "warn login.guessing"]);
  });

  test("the right password is let in while others guess, from the same address and from its own", async () => {
    const { app } = setUp();
    const guess = (address: string, password = "guess") => app.request("/login", form({ password }), { address });
    for (let i = 0; i < 500; i++) await guess("192.0.2.1");
    expect((await guess("192.0.2.1", PASSWORD)).status).toBe(303);
    for (let i = 0; i < 2_000; i++) await guess("192.0.2.1");
    expect((await guess("192.0.2.2", PASSWORD)).status).toBe(303);
    expect((await guess("192.0.2.3")).status).toBe(401);
  });

  test("bodies that end at the same moment are counted one by one", async () => {
    const { app } = setUp();
    const ends: (() => void)[] = [];
    const guesses = Array.from({ length: 200 }, () => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode("password=gu"));
          ends.push(() => {
            controller.enqueue(new TextEncoder().encode("ess"));
            controller.close();
          });
        },
      });
      return app.request("/login", { ...form({}), body, duplex: "half" } as RequestInit);
    });
    for (const end of ends) end();
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(195);
  });

  test("a form that another site's page sends is refused, and does not count", async () => {
    const { app } = setUp();
    const foreign: Record<string, string>[] = [
      { origin: "http://evil.example" },
      { "sec-fetch-site": "cross-site" },
      { origin: "null" },
    ];
    for (const from of foreign)
      for (let i = 0; i < 10; i++)
        expect((await app.request("/login", form({ password: PASSWORD }, from))).status).toBe(403);
    expect((await app.request("/login", form({ password: "guess" }))).status).toBe(401);
    const own = { origin: "http://localhost", host: "localhost" };
    expect((await app.request("/login", form({ password: PASSWORD }, own))).status).toBe(303);
  });

  test("a login whose cookie does not come back says why", async () => {
    for (const [https, why] of [
      [true, "over https"],
      [false, "set cookies"],
    ] as const) {
      const { app } = setUp({}, https);
      const { headers } = await app.request("/login", form({ password: PASSWORD }));
      const next = await app.request(headers.get("location") ?? "");
      expect(next.status).toBe(401);
      expect(await next.text()).toMatch(new RegExp(`The password is right.*${why}`));
      const cookie = headers.get("set-cookie")?.split(";")[0] ?? "";
      const kept = await app.request(headers.get("location") ?? "", { headers: { cookie } });
      expect([kept.status, kept.headers.get("location")]).toEqual([303, "/"]);
    }
  });

  test.each([
    [form({ password: "x".repeat(9_000) }), 413, "too large"],
    [{ ...form({}), body: "password=%ff" }, 400, "not UTF-8"],
    [{ ...form({}), body: "password=%" }, 400, "not UTF-8"],
  ])(
    "a login form that cannot be read is answered in words, and no error of ours (%#)",
    async (init, status, words) => {
      const { app, logged } = setUp();
      const response = await app.request("/login", init);
      expect(response.status).toBe(status);
      expect(await response.text()).toMatch(new RegExp(`${words}.*href="/"`, "s"));
      expect(logged).toEqual([]);
    },
  );

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
      "12,440",
      "relay-a",
      "diverted to Postgres",
      "unknown",
      "Redis does not answer for shard 1",
      "appendonly is no",
      "Redis does not keep what it takes (appendonly)",
      "Events go by Postgres and wait there until Redis keeps what it takes",
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

  test("a notice is the session's: on the next page once, whatever the address says, and as long as a script asks again", async () => {
    const { app } = setUp();
    const { cookie, token } = await logIn(app);
    const { headers } = await app.request("/dead-letters/7/replay", form({ form_token: token }, { cookie }));
    const page = async (path: string, mode = "navigate") =>
      (await app.request(path, { headers: { cookie, "sec-fetch-mode": mode } })).text();
    expect(headers.get("location")).toBe("/dead-letters/7");
    for (const mode of ["navigate", "cors", "cors"])
      expect(await page("/dead-letters/7", mode)).toContain("Letter 7 was replayed.");
    for (const path of ["/dead-letters/7", "/?notice=Call+0190", "/dead-letters?notice=Call+0190&proof=x"])
      expect(await page(path)).not.toMatch(/role="status"/);
  });

  test("an action that Postgres does not answer says that nothing is known, and is no error of ours", async () => {
    const { app, logged } = setUp({}, false, { replay: () => Promise.reject(new Unavailable("timeout")) });
    const { cookie, token } = await logIn(app);
    const response = await app.request("/dead-letters/7/replay", form({ form_token: token }, { cookie }));
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("not known whether this was done");
    expect(logged.at(-1)).toBe("warn page.unavailable");
  });

  test("a bug is one, and says nothing of itself", async () => {
    const { app, logged } = setUp({}, false, { replay: () => Promise.reject(new TypeError("secret")) });
    const { cookie, token } = await logIn(app);
    const response = await app.request("/dead-letters/7/replay", form({ form_token: token }, { cookie }));
    expect([response.status, (await response.text()).includes("secret")]).toEqual([500, false]);
    expect(logged.at(-1)).toBe("error page.failed");
  });

  test("HEAD is a look", async () => {
    const { app } = setUp();
    expect((await app.request("/", { method: "HEAD" })).status).toBe(303);
    const { cookie } = await logIn(app);
    expect((await app.request("/", { method: "HEAD", headers: { cookie } })).status).toBe(200);
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
      setUp(
        askersOf(() => ({ ...soundSights, outbox: null, parked: null, accounts: null, totals: null })),
        false,
        {
          page: async () => null,
          groups: async () => null,
        },
      ).app,
    );
    expect(page).toContain("Postgres does not answer");
  });
});

test("a loss that is told can be acknowledged, with the session's token", async () => {
  const { app, logged } = setUp({ accounts: async () => ({ unaccounted: 5, possible: 0, checkpointAgeMs: 0 }) });
  const { cookie, page, token } = await logIn(app);
  expect(page).toContain('Acknowledge<span class="heard">: 5 events were accepted, and nobody knows where they are');
  expect((await app.request("/loss", form({}, { cookie }))).status).toBe(403);
  const answer = await app.request("/loss", form({ form_token: token }, { cookie }));
  expect(answer.status).toBe(303);
  expect(logged).toContain("warn loss.acknowledged");
  const { app: quiet } = setUp();
  expect((await logIn(quiet)).page).not.toContain("Acknowledge");
});
