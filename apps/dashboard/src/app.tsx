/** @jsxRuntime automatic @jsxImportSource hono/jsx */

import { createProbes, createSecretCheck } from "@spillway/service";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import { secureHeaders } from "hono/secure-headers";
import { createLoginLimit } from "./login-limit.ts";
import { look } from "./overview.ts";
import { LoginPage } from "./pages/login.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import type { ActionResult, DashboardPorts } from "./ports.ts";
import { createSessions, type Session } from "./session.ts";

export type DashboardOptions = {
  readonly password: string;
  /** The cookie is then `__Host-` and `Secure`. */
  readonly https: boolean;
  readonly assets: { readonly css: string; readonly script: string };
};

type Env = { Variables: { session: Session } };

const FORM_BYTES_MAX = 8 * 1024;
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#0b57a4" d="M2 3h12v2H2zm2 4h8v2H4zm2 4h4v2H6z"/></svg>';

/** Browsers take a page without it for one of 1998. */
const documentOf = (page: Child) => html`<!doctype html>${page}`;

const textOf = (result: ActionResult, verb: string): string =>
  result.done > 0 ? `1 dead letter ${verb}.` : `Nothing was ${verb}: ${result.refusals.join("; ") || "it is gone"}.`;

/** The dashboard: one page behind a login. Works without scripts; every change is a form with the session's token. */
export const createApp = (ports: DashboardPorts, options: DashboardOptions): Hono<Env> => {
  const { clock, platform, randomToken, log } = ports;
  const cookieName = options.https ? "__Host-session" : "session";
  const isPassword = createSecretCheck(options.password, platform);
  const probes = createProbes(ports.health);
  const sessions = createSessions(clock, randomToken);
  const limit = createLoginLimit(clock);
  const app = new Hono<Env>();
  const redirect = (c: Context, notice?: string) =>
    c.redirect(notice === undefined ? "/" : `/?notice=${encodeURIComponent(notice)}`, 303);
  const formOf = async (c: Context): Promise<Record<string, unknown>> =>
    /^application\/x-www-form-urlencoded\b/i.test(c.req.header("content-type") ?? "") ? c.req.parseBody() : {};

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      xFrameOptions: "DENY",
      referrerPolicy: "no-referrer",
    }),
  );
  app.use(async (c, next) => (await probes(c.req.raw, c.req.path)) ?? next());
  app.use(bodyLimit({ maxSize: FORM_BYTES_MAX }));
  app.onError((error, c) => {
    log("error", "page.failed", { error: error.name });
    return c.text("The page could not be made; the log says more.", 500);
  });

  app.get("/app.css", (c) => c.body(options.assets.css, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/live.js", (c) => c.body(options.assets.script, 200, { "content-type": "text/javascript; charset=utf-8" }));
  app.get("/icon.svg", (c) => c.body(ICON, 200, { "content-type": "image/svg+xml" }));

  app.get("/login", (c) => c.html(documentOf(<LoginPage problem={null} />), 200, { "cache-control": "no-store" }));
  app.post("/login", async (c) => {
    const wait = limit.waitSeconds();
    if (wait > 0) {
      c.header("Retry-After", String(wait));
      return c.html(documentOf(<LoginPage problem={`Too many attempts: try again in ${wait} s.`} />), 429);
    }
    const { password } = await formOf(c);
    if (typeof password !== "string" || !isPassword(password)) {
      limit.failed();
      log("warn", "login.failed");
      return c.html(documentOf(<LoginPage problem="That is not the password." />), 401);
    }
    limit.succeeded();
    const { id } = sessions.open();
    setCookie(c, cookieName, id, { httpOnly: true, sameSite: "Strict", secure: options.https, path: "/" });
    log("info", "login.succeeded");
    return redirect(c);
  });

  app.use(async (c, next) => {
    const session = sessions.find(getCookie(c, cookieName));
    c.header("Cache-Control", "no-store");
    if (session === null) return c.req.method === "GET" ? c.redirect("/login", 303) : c.text("Log in first.", 401);
    c.set("session", session);
    if (c.req.method === "GET") return next();
    const { form_token: token } = await formOf(c);
    if (typeof token !== "string" || !createSecretCheck(session.formToken, platform)(token))
      return c.text("The form is not ours, or too old.", 403);
    return next();
  });

  app.get("/", async (c) => {
    const overview = await look(ports, c.req.query("before") ?? null);
    if (c.req.header("accept")?.startsWith("application/json")) return c.json(overview);
    const notice = c.req.query("notice")?.slice(0, 300) ?? null;
    return c.html(
      documentOf(<OverviewPage overview={overview} formToken={c.get("session").formToken} notice={notice} />),
    );
  });
  app.post("/logout", (c) => {
    sessions.close(c.get("session").id);
    deleteCookie(c, cookieName, { path: "/", secure: options.https });
    return c.redirect("/login", 303);
  });
  app.post("/dead-letters/:id{[0-9]{1,19}}/replay", async (c) => {
    const { id } = c.req.param();
    const result = await ports.replay(id);
    log("info", "dead-letter.replay", { id, done: result.done });
    return redirect(c, textOf(result, "replayed"));
  });
  app.post("/dead-letters/:id{[0-9]{1,19}}/discard", async (c) => {
    const { id } = c.req.param();
    const { reason } = await formOf(c);
    if (typeof reason !== "string" || reason.trim() === "" || reason.length > 500)
      return c.text("A reason of 1 to 500 characters is required.", 422);
    const result = await ports.discard(id, reason);
    log("info", "dead-letter.discard", { id, done: result.done });
    return redirect(c, textOf(result, "discarded"));
  });
  app.all("/dead-letters/*", (c) => c.text("There is no such action.", 404));
  return app;
};
