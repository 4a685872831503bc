import { Unavailable } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { form, logIn, PASSWORD, sessionTable, setUp } from "./app.fixture.tsx";

const ANN = { name: "ann", password: "ann's password" };
const VIC = { name: "vic", password: "vic's password" };
const STRANGER = "192.0.2.66";

const knock = (app: ReturnType<typeof setUp>["app"], fields: Record<string, string>, address: string, cookie = "") =>
  app.request("/login", form(fields, { cookie }), { address });

describe("users", () => {
  test("get in with their own names, and what they do has it", async () => {
    const { app, calls } = setUp();
    const { cookie, token, page } = await logIn(app, ANN);
    expect(page).toContain("ann (operator)");
    await app.request("/dead-letters/7/replay", form({ form_token: token }, { cookie }));
    expect(calls.deeds[0]?.[0]).toMatchObject({ actor: "ann", action: "letter.replay", subject: "letter 7" });
  });

  test("who looks may change nothing, whatever he sends", async () => {
    const { app, calls } = setUp();
    const { cookie, token, page } = await logIn(app, VIC);
    const more = ["/dead-letters/7?status=discarded", "/jobs/3", "/jobs/new?kind=replay", "/jobs/new?kind=discard"].map(
      async (path) => (await app.request(path, { headers: { cookie } })).text(),
    );
    const shown = [page, ...(await Promise.all(more))].join("\n");
    // No form but that of the logout changes something, nor is there a way to one.
    const forms = [...new Set(shown.match(/<form[^>]*>/g))].filter((tag) => !tag.includes('method="get"'));
    expect(forms).toEqual(['<form method="post" action="/logout">']);
    for (const offer of ["formaction=", 'href="/jobs/new', ">Decide<", ">Action<"]) expect(shown).not.toContain(offer);
    const fields = { form_token: token, reason: "r" };
    for (const path of [
      "/dead-letters/7/replay",
      "/dead-letters/7/discard",
      "/jobs",
      "/jobs/3/pause",
      "/jobs/3/undo",
      "/loss",
    ]) {
      const answer = await app.request(path, form(fields, { cookie }));
      const refusal = await answer.text();
      expect([path, answer.status, refusal.includes("ask an operator")]).toEqual([path, 403, true]);
      // On a page, with what was typed, and nothing to send it again with.
      expect([path, refusal.includes('<nav aria-label="Pages"'), refusal.includes("<dd>r</dd>")]).toEqual([
        path,
        true,
        true,
      ]);
      expect(refusal).not.toContain("Send it again");
    }
    expect([calls.replayed, calls.jobs, calls.moves, calls.deeds]).toEqual([[], [], [], []]);
    expect((await app.request("/logout", form({ form_token: token }, { cookie }))).status).toBe(303);
  });

  test.each([
    { name: "ann", password: "wrong" },
    { name: "ann", password: PASSWORD },
    { name: "nobody", password: "ann's password" },
    { name: "operator", password: "ann's password" },
  ])("do not with %j, and the name is not typed again", async (fields) => {
    const { app } = setUp();
    const answer = await knock(app, fields, STRANGER);
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain(`value="${fields.name}"`);
  });

  test("without the setting only they get in", async () => {
    const { app } = setUp({}, false, {}, "");
    expect((await knock(app, { password: PASSWORD }, STRANGER)).status).toBe(401);
    expect((await knock(app, ANN, STRANGER)).status).toBe(303);
  });
});

describe("while a stranger guesses", () => {
  test("ann gets in from her own address, and from the stranger's in a browser that was hers", async () => {
    const { app } = setUp();
    const { cookie, token } = await logIn(app, ANN);
    await app.request("/logout", form({ form_token: token }, { cookie }));
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) statuses.push((await knock(app, { ...ANN, password: `guess ${i}` }, STRANGER)).status);
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(statuses.at(-1)).toBe(429);
    const late = await knock(app, ANN, STRANGER);
    expect([late.status, Number(late.headers.get("retry-after")) > 0]).toEqual([429, true]);
    expect((await knock(app, ANN, "192.0.2.1")).status).toBe(303);
    expect((await knock(app, ANN, STRANGER, cookie)).status).toBe(303);
    expect((await knock(app, VIC, STRANGER, cookie)).status).toBe(429);
  });

  test("from everywhere at once, an account is compared 50 times a minute, and in the user's browser still", async () => {
    const { app } = setUp();
    const { cookie } = await logIn(app, ANN);
    let compared = 0;
    for (let i = 0; i < 80; i++) {
      const answer = await knock(app, { ...ANN, password: "guess" }, `198.51.100.${i}`);
      if (answer.status === 401) compared++;
    }
    // One of the fifty was the login.
    expect(compared).toBe(49);
    expect((await knock(app, ANN, STRANGER, cookie)).status).toBe(303);
    expect((await knock(app, VIC, "203.0.113.9")).status).toBe(303);
  });
});

describe("a session", () => {
  test("is there after a restart, and over after a logout in another dashboard", async () => {
    const sessions = sessionTable();
    const { cookie, token } = await logIn(setUp({ sessions }).app, ANN);
    const { app: again } = setUp({ sessions });
    expect((await again.request("/", { headers: { cookie } })).status).toBe(200);
    expect((await again.request("/logout", form({ form_token: token }, { cookie }))).status).toBe(303);
    const { app: third } = setUp({ sessions });
    expect((await third.request("/", { headers: { cookie } })).status).toBe(303);
    expect([...sessions.rows.keys()].join()).not.toContain(cookie.split("=")[1]);
  });

  test("goes on while Postgres is away, and one is begun with the password of the setting", async () => {
    const away = () => Promise.reject(new Unavailable("timeout"));
    const { app, logged } = setUp({ sessions: { put: away, find: away, end: away }, users: { find: away } });
    const { cookie } = await logIn(app);
    expect((await app.request("/", { headers: { cookie } })).status).toBe(200);
    expect(logged).toContain("warn session.unstored");
    const refused = await knock(app, ANN, "192.0.2.1");
    expect([refused.status, (await refused.text()).includes("does not answer")]).toEqual([503, true]);
  });

  test("that is over costs nobody what was typed: it goes through the login, and is sent with a click", async () => {
    const { app, calls } = setUp();
    const answer = await app.request("/dead-letters/7/discard", form({ form_token: "old", reason: "typed <b>" }));
    expect(answer.status).toBe(401);
    const kept = /name="kept" value="([^"]*)"/
      .exec(await answer.text())?.[1]
      ?.replaceAll("&quot;", '"')
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">");
    const login = await app.request("/login", form({ ...ANN, kept: kept ?? "" }));
    const page = await login.text();
    expect([login.status, page.includes('action="/dead-letters/7/discard"'), page.includes("typed &lt;b&gt;")]).toEqual(
      [200, true, true],
    );
    expect(calls.discarded).toEqual([]);
    const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
    const token = /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
    await app.request("/dead-letters/7/discard", form({ form_token: token, reason: "typed" }, { cookie }));
    expect(calls.discarded).toEqual([["7", "typed"]]);
  });
});
