import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { below } from "./base-path.ts";

const asked: string[] = [];
const script = readFileSync(new URL("assets/live.js", import.meta.url), "utf8");
const page =
  '<a href="/dead-letters?type=t">t</a><form action="/jobs"></form><p>&quot; href=&quot;/x</p><a href="//other">o</a>';
const app = (request: Request): Response => {
  const { pathname, search } = new URL(request.url);
  asked.push(`${request.method} ${pathname}${search}`);
  if (pathname === "/login")
    return new Response(null, { status: 303, headers: { location: "/?from=login", "set-cookie": "a=b" } });
  if (pathname === "/live.js") return new Response(script, { headers: { "content-type": "text/javascript" } });
  if (pathname === "/export") return new Response(' href="/x', { headers: { "content-type": "text/csv" } });
  return new Response(page, { headers: { "content-type": "text/html; charset=UTF-8", "x-kept": "yes" } });
};

test("below a path links, forms and redirects have it, and what is asked has not", async () => {
  asked.length = 0;
  const answer = below("/ops/spillway", app);
  const shown = await answer(new Request("http://own/ops/spillway/dead-letters?type=t"));
  expect(await shown.text()).toBe(
    page.replace('href="/dead', 'href="/ops/spillway/dead').replace('action="/jobs', 'action="/ops/spillway/jobs'),
  );
  expect(shown.headers.get("x-kept")).toBe("yes");
  const login = await answer(new Request("http://own/ops/spillway/login", { method: "POST", body: "x=y" }));
  expect([login.status, login.headers.get("location"), login.headers.get("set-cookie")]).toEqual([
    303,
    "/ops/spillway/?from=login",
    "a=b",
  ]);
  expect(await (await answer(new Request("http://own/ops/spillway/export"))).text()).toBe(' href="/x');
  await answer(new Request("http://own/ops/spillway"));
  const called = await (await answer(new Request("http://own/ops/spillway/live.js"))).text();
  expect(called.match(/\("\/\w[^"]*"/g)).toEqual(
    script.match(/\("\/\w[^"]*"/g)?.map((call) => `("/ops/spillway${call.slice(2)}`),
  );
  await answer(new Request("http://own/livez"));
  await answer(new Request("http://own/ops/spillwayx"));
  expect(asked).toEqual([
    "GET /dead-letters?type=t",
    "POST /login",
    "GET /export",
    "GET /",
    "GET /live.js",
    "GET /livez",
    "GET /ops/spillwayx",
  ]);
});

test("without one nothing is touched", async () => {
  const shown = await below("", app)(new Request("http://own/"));
  expect(await shown.text()).toBe(page);
});
