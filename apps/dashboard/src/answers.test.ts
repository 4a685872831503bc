/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { Unavailable } from "@spillway/event";
import { expect, test } from "vitest";
import { form, hostile, logIn, sessionTable, setUp } from "./app.fixture.tsx";

const DISCARD = "/dead-letters/7/discard";
const escaped = "&lt;script&gt;alert(1)";

test.each([
  ["an older form", 403, "token-99", async () => ({ done: 1, refusals: [], isSo: false })],
  ["a Postgres that is away", 503, null, () => Promise.reject(new Unavailable("timeout"))],
  ["a bug", 500, null, () => Promise.reject(new TypeError("secret"))],
] as const)("%s keeps the page and what was typed, to be sent again", async (_name, status, wrongToken, discard) => {
  const { app } = setUp({}, false, { discard });
  const { cookie, token } = await logIn(app);
  const response = await app.request(DISCARD, form({ form_token: wrongToken ?? token, reason: hostile }, { cookie }));
  const page = await response.text();
  expect(response.status).toBe(status);
  expect(page).toContain('role="alert"');
  expect(page).toContain('<a href="/dead-letters" aria-current="page">');
  expect(page).toContain(`action="${DISCARD}" class="again"`);
  expect(page).toContain(`name="reason" value="${escaped}`);
  expect(page).toContain(`name="form_token" value="${token}"`);
  expect(page).not.toMatch(/token-99|secret|<script>alert/);
});

test("what could not be written down was not done, and the answer says so; else that nobody knows", async () => {
  const away = () => Promise.reject(new Unavailable("timeout"));
  const { app, calls } = setUp({ audit: { ...setUp().ports.audit, begin: away } });
  const { cookie, token } = await logIn(app);
  const said = async (each: typeof app, as: { cookie: string; token: string }) =>
    (await each.request(DISCARD, form({ form_token: as.token, reason: "typed" }, { cookie: as.cookie }))).text();
  const page = await said(app, { cookie, token });
  for (const words of ["so nothing was done", 'value="typed"', 'href="/dead-letters/7"']) expect(page).toContain(words);
  expect(calls.discarded).toEqual([]);
  const begun = setUp({}, false, { discard: away });
  expect(await said(begun.app, await logIn(begun.app))).toContain("it is not known whether this was done");
});

test("an action of which Postgres knows alone who sent it goes through the login, and is kept", async () => {
  const table = { ...sessionTable(), find: () => Promise.reject(new Unavailable("timeout")) };
  const { app } = setUp({ sessions: table });
  const of = { cookie: "session=of-another-process" };
  const answer = await app.request(DISCARD, form({ reason: hostile }, of));
  const page = await answer.text();
  expect(answer.status).toBe(503);
  for (const words of ["does not answer", 'name="kept"', "&lt;script"]) expect(page).toContain(words);
  expect((await app.request("/lag", { headers: of })).status).toBe(503);
});

test("an address without a page keeps the frame", async () => {
  const { app } = setUp();
  const { cookie } = await logIn(app);
  const response = await app.request("/nothing", { headers: { cookie } });
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('<nav aria-label="Pages"');
});

test("what was typed after the session is over can be copied, and nothing of the dashboard is shown", async () => {
  const { app } = setUp();
  const response = await app.request(DISCARD, form({ form_token: "old", reason: hostile, password: "p4ss" }));
  const page = await response.text();
  expect([response.status, page.includes(escaped), page.includes('action="/login"')]).toEqual([401, true, true]);
  expect(page).not.toMatch(/<nav|p4ss|relay-a|<script>alert/);
});

test("the pipeline page shows what each process reaches and every setting but what is secret", async () => {
  const { app } = setUp();
  const { cookie } = await logIn(app);
  const page = await (await app.request("/pipeline", { headers: { cookie } })).text();
  for (const text of [
    "edge:3000",
    "broken: appendonly; appendonly is no",
    "1,000 events",
    "10.0.0.5:9092",
    "configured",
  ])
    expect(page).toContain(text);
});
