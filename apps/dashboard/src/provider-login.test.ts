import type { Arrival, Flow } from "@spillway/oidc";
import type { Role } from "@spillway/operators";
import { describe, expect, test } from "vitest";
import { form, sessionTable, setUp } from "./app.fixture.tsx";
import { readConfig } from "./config.ts";
import { roleOf, userNameOf } from "./provider-login.tsx";

const roles = new Map<string, Role>([
  ["on-call", "operator"],
  ["staff", "viewer"],
]);
const FLOW: Flow = { state: "s", nonce: "n", verifier: "v" };

const personOf = (roleNames: readonly string[]): Arrival => ({
  kind: "person",
  person: { subject: "17", label: "ann", roleNames },
});

/** The app beside a provider that answers so. */
const beside = (arrival: Arrival) => {
  const asked: [string, Flow][] = [];
  const provider = {
    name: "id.example",
    begin: async () => ({ url: "https://id.example/auth?x=1", flow: FLOW }),
    finish: async (query: string, flow: Flow) => {
      asked.push([query, flow]);
      return arrival;
    },
    endUrl: async () => "https://id.example/end",
  };
  const sessions = sessionTable();
  const { app, logged } = setUp({ sessions, identities: { provider, roles, roleClaim: "groups" } }, true);
  const leave = async (kept = "") => {
    const answer = await app.request("/login/provider", form({ kept }));
    return { answer, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
  };
  const comeBack = (cookie: string, query = "?code=c&state=s") =>
    app.request(`/login/provider${query}`, { headers: { cookie } });
  return { app, asked, sessions, logged, leave, comeBack };
};

test("the highest role that is named counts, and what is not named is none", () => {
  expect(roleOf(["staff", "on-call"], roles)).toBe("operator");
  expect(roleOf(["staff", "kitchen"], roles)).toBe("viewer");
  for (const names of [[], ["operator"], ["kitchen"], ["constructor"]]) expect(roleOf(names, roles)).toBe(null);
});

test("nobody at the provider has the name of a user in Postgres", () => {
  expect(userNameOf({ subject: "17", label: "ann", roleNames: [] })).toBe("ann [17]");
  expect(userNameOf({ subject: "ann\u202e", label: null, roleNames: [] })).toBe("[ann]");
});

describe("who comes back", () => {
  test("has a session of the role for an hour, and no cookie of the way", async () => {
    const { leave, comeBack, asked, sessions } = beside(personOf(["staff"]));
    const { answer, cookie } = await leave();
    expect(answer.headers.get("refresh")).toBe("0; url=https://id.example/auth?x=1");
    expect(answer.headers.get("set-cookie")).toMatch(
      /^__Host-login=.*; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const back = await comeBack(cookie);
    expect([back.status, back.headers.get("refresh")]).toEqual([200, "0; url=/?from=login"]);
    expect(back.headers.get("set-cookie")).toContain("__Host-login=; Max-Age=0");
    expect(asked).toEqual([["?code=c&state=s", FLOW]]);
    const [session] = sessions.rows.values();
    expect(session?.user).toEqual({ name: "ann [17]", role: "viewer" });
    expect((session?.endsAtMs ?? 0) - Date.now()).toBeLessThanOrEqual(3_600_000);
  });

  test.each<[string, Arrival, number]>([
    ["without a role", personOf(["kitchen"]), 403],
    ["refused", { kind: "refused", code: "access_denied" }, 403],
    ["while it is away", { kind: "away" }, 503],
  ])("%s has none, and a word", async (_name, arrival, status) => {
    const { leave, comeBack, sessions } = beside(arrival);
    const answer = await comeBack((await leave()).cookie);
    expect([answer.status, sessions.rows.size]).toEqual([status, 0]);
    expect(await answer.text()).toContain('role="alert"');
  });

  test("with another state, or in another browser, costs the provider nothing", async () => {
    const { leave, comeBack, asked } = beside(personOf(["staff"]));
    const { cookie } = await leave();
    for (const [given, query] of [
      [cookie, "?code=c&state=t"],
      [cookie, "?code=c"],
      ["", "?code=c&state=s"],
      ["__Host-login=bm9uc2Vuc2U", "?code=c&state=s"],
      ["__Host-login=e30", "?code=c"],
    ] as const)
      expect((await comeBack(given, query)).status).toBe(403);
    expect(asked).toEqual([]);
  });

  test("again and again is told to wait", async () => {
    const { leave, comeBack, asked } = beside({ kind: "refused", code: "invalid_grant" });
    const { cookie } = await leave();
    const statuses: number[] = [];
    for (let i = 0; i < 60; i++) statuses.push((await comeBack(cookie)).status);
    expect(statuses.at(-1)).toBe(429);
    expect(asked.length).toBeLessThan(40);
  });

  test("finds what was typed before, unless it is more than a cookie holds", async () => {
    const { leave, comeBack } = beside(personOf(["on-call"]));
    const kept = (reason: string) => JSON.stringify({ path: "/dead-letters/7/discard", fields: [["reason", reason]] });
    const page = await (await comeBack((await leave(kept("typed <b>"))).cookie)).text();
    expect([page.includes('action="/dead-letters/7/discard"'), page.includes("typed &lt;b&gt;")]).toEqual([true, true]);
    const long = await leave(kept("x".repeat(3_500)));
    expect(long.cookie.length).toBeLessThan(4_000);
    expect((await comeBack(long.cookie)).headers.get("refresh")).toBe("0; url=/?from=login");
  });
});

describe("the settings", () => {
  const environment = { REDIS_URL: "redis://h", DATABASE_URL: "postgres://h/d", EDGE_URL: "http://h" };
  const identity = { OIDC_ISSUER: "https://id.example/", OIDC_CLIENT_ID: "c", PUBLIC_URL: "https://ops.example/" };

  test("are those of the provider, with our addresses below the path", () => {
    const { identity: read, shown } = readConfig({
      ...environment,
      ...identity,
      OIDC_CLIENT_SECRET: "hunter2",
      BASE_PATH: "/ops",
    });
    expect(read).toMatchObject({
      issuer: "https://id.example/",
      redirectUrl: "https://ops.example/ops/login/provider",
      loggedOutUrl: "https://ops.example/ops/login",
      roles: new Map([
        ["viewer", "viewer"],
        ["operator", "operator"],
      ]),
    });
    expect(JSON.stringify(shown)).not.toContain("hunter2");
    expect(readConfig(environment).identity).toBe(null);
  });

  test.each([
    [{ ...identity, PUBLIC_URL: "" }, "PUBLIC_URL: got nothing; OIDC_ISSUER needs it"],
    [{ ...identity, OIDC_CLIENT_ID: "" }, "OIDC_CLIENT_ID: got nothing; OIDC_ISSUER needs it"],
    [{ ...identity, OIDC_ISSUER: "http://id.example" }, "whose tokens anybody on the way can read"],
    [{ ...identity, OIDC_ROLES: "admins=root" }, "OIDC_ROLES: got"],
    [{ ...identity, OIDC_SCOPE: "email" }, "OIDC_SCOPE: got"],
  ])("%j stop the start", (given, sentence) => {
    expect(() => readConfig({ ...environment, ...given })).toThrow(sentence);
  });
});
