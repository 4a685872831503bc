/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { createProbes, createSecretCheck } from "@spillway/service";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { secureHeaders } from "hono/secure-headers";
import { answerBadForm, answerLogin, answerMessage, createAnswerError, FORM_BYTES_MAX } from "./answers.tsx";
import type { Env } from "./env.ts";
import { isForeign } from "./foreign.ts";
import { readForm } from "./form.ts";
import { keptOf, writeKept } from "./kept.ts";
import { addLive } from "./live/live.ts";
import { cookieLost, createEnter, createLogin } from "./login.tsx";
import { addAudit } from "./pages/audit/routes.tsx";
import { addDeadLetters } from "./pages/dead-letters/routes.tsx";
import { addDev } from "./pages/dev/routes.tsx";
import { addEvents } from "./pages/events/routes.tsx";
import { addHelp } from "./pages/help/routes.tsx";
import { addJobs } from "./pages/jobs/routes.tsx";
import { addLag } from "./pages/lag/routes.tsx";
import { addOverview } from "./pages/overview/routes.tsx";
import { addPipeline } from "./pages/pipeline/routes.tsx";
import type { DashboardPorts } from "./ports.ts";
import { addProviderLogin } from "./provider-login.tsx";
import { createSessions, type Sessions } from "./session.ts";

export type DashboardOptions = {
  /** Of the user `operator`; absent where only those in Postgres get in. */
  readonly password: string | undefined;
  /** The cookie is then `__Host-` and `Secure`. */
  readonly https: boolean;
  readonly assets: { readonly css: string; readonly script: string };
};

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#0b57a4" d="M2 3h12v2H2zm2 4h8v2H4zm2 4h4v2H6z"/></svg>';

const isReading = (c: Context): boolean => c.req.method === "GET" || c.req.method === "HEAD";

const securityHeaders = secureHeaders({
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
  // Not "no-referrer": browsers would then send `Origin: null` with our own forms, as a foreign page can.
  referrerPolicy: "same-origin",
});

const OVER = "Log in first: the session is over. What you have sent is kept until then.";
const AWAY =
  "Postgres, which knows who is logged in, does not answer: look again in a while, or log in as the user of DASHBOARD_PASSWORD.";

/** Nobody is asked to type it twice: what was sent goes through the login, and can be sent again. */
const answerOutside = async (c: Context<Env>, problem: string, status: 401 | 503) => {
  if (isReading(c)) return answerLogin(c, problem, status);
  const form = await readForm(c.req.raw, FORM_BYTES_MAX);
  const kept = form.kind === "ok" ? new Map([["kept", writeKept(keptOf(c.req.path, form.fields))]]) : undefined;
  return answerLogin(c, problem, status, kept);
};

/** Lets through what a session may do: look, and send forms with its token, whose fields it leaves in `fields`. */
const createGuard =
  ({ platform }: DashboardPorts, sessions: Sessions, cookieName: string, https: boolean): MiddlewareHandler<Env> =>
  async (c, next) => {
    const session = await sessions.find(getCookie(c, cookieName));
    c.header("Cache-Control", "no-store");
    if (session === "away") return answerOutside(c, AWAY, 503);
    if (session === null) {
      if (!isReading(c)) return answerOutside(c, OVER, 401);
      const isAfterLogin = c.req.path === "/" && c.req.query("from") === "login";
      return isAfterLogin ? answerLogin(c, cookieLost(https), 401) : c.redirect("/login", 303);
    }
    c.set("session", session);
    if (isReading(c)) return next();
    const form = await readForm(c.req.raw, FORM_BYTES_MAX);
    if (form.kind !== "ok") return answerBadForm(c, form);
    c.set("fields", form.fields);
    if (!createSecretCheck(session.formToken, platform)(form.fields.get("form_token") ?? ""))
      return answerMessage(c, 403, "The form is from an older session or another page: look at it, and send it again.");
    // Here and not in each page: an action that somebody adds is an operator's until it says otherwise.
    if (session.user.role !== "operator" && c.req.path !== "/logout")
      return answerMessage(c, 403, `${session.user.name} may look, and change nothing: ask an operator.`);
    return next();
  };

const addPages = (app: Hono<Env>, ports: DashboardPorts): void => {
  for (const add of [
    addLive,
    addOverview,
    addLag,
    addEvents,
    addDeadLetters,
    addJobs,
    addAudit,
    addPipeline,
    addHelp,
    addDev,
  ])
    add(app, ports);
  app.notFound((c) => answerMessage(c, 404, "There is no such page, and no such action."));
};

/** The dashboard: pages behind a login. Works without scripts; every change is a form with the session's token. */
export const createApp = (ports: DashboardPorts, options: DashboardOptions): Hono<Env> => {
  const { https, assets } = options;
  const cookieName = https ? "__Host-session" : "session";
  const sessions = createSessions({ ...ports, table: ports.sessions });
  const probes = createProbes(ports.health);
  const app = new Hono<Env>();

  app.use(securityHeaders);
  app.use((c, next) => {
    c.set("ports", ports);
    return next();
  });
  app.onError(createAnswerError(ports.log));
  app.use(async (c, next) => (await probes(c.req.raw, c.req.path)) ?? next());
  app.get("/app.css", (c) => c.body(assets.css, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/live.js", (c) => c.body(assets.script, 200, { "content-type": "text/javascript; charset=utf-8" }));
  app.get("/icon.svg", (c) => c.body(ICON, 200, { "content-type": "image/svg+xml" }));

  app.use((c, next) =>
    isReading(c) || !isForeign(c.req.raw.headers)
      ? next()
      : Promise.resolve(answerMessage(c, 403, "This form came from another site, and was not looked at.")),
  );
  app.get("/login", (c) => answerLogin(c, null));
  const enter = createEnter(ports, sessions, { https, cookieName });
  app.post("/login", createLogin(ports, sessions, { password: options.password, cookieName, enter }));
  addProviderLogin(app, ports, { https, enter });
  app.use(createGuard(ports, sessions, cookieName, https));
  app.post("/logout", async (c) => {
    // The cookie stays: by it the browser is known again, and nobody else's guesses count for it.
    await sessions.close(c.get("session").id);
    return c.redirect("/login?out", 303);
  });
  addPages(app, ports);
  return app;
};
