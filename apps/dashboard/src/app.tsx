/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { isLetterId, isReason, REASON_LENGTH_MAX } from "@spillway/dead-letters";
import { createProbes, createSecretCheck } from "@spillway/service";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { deleteCookie, getCookie } from "hono/cookie";
import { secureHeaders } from "hono/secure-headers";
import {
  answerBadForm,
  answerLogin,
  answerMessage,
  answerPage,
  createAnswerError,
  FORM_BYTES_MAX,
} from "./answers.tsx";
import { isForeign } from "./foreign.ts";
import { type Fields, readForm } from "./form.ts";
import { cookieLost, createLogin } from "./login.tsx";
import { createNotices } from "./notice.ts";
import { look } from "./overview.ts";
import { OverviewPage } from "./pages/overview.tsx";
import type { ActionResult, Bindings, DashboardPorts } from "./ports.ts";
import { createSessions, type Session, type Sessions } from "./session.ts";

export type DashboardOptions = {
  readonly password: string;
  /** The cookie is then `__Host-` and `Secure`. */
  readonly https: boolean;
  readonly assets: { readonly css: string; readonly script: string };
};

type Env = { Bindings: Bindings; Variables: { session: Session; fields: Fields } };

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

/** Lets through what a session may do: look, and send forms with its token, whose fields it leaves in `fields`. */
const createGuard =
  ({ platform }: DashboardPorts, sessions: Sessions, cookieName: string, https: boolean): MiddlewareHandler<Env> =>
  async (c, next) => {
    const session = sessions.find(getCookie(c, cookieName));
    c.header("Cache-Control", "no-store");
    if (session === null) {
      if (!isReading(c)) return answerMessage(c, 401, "Log in first: the session is over.", "/login");
      const isAfterLogin = c.req.path === "/" && c.req.query("from") === "login";
      return isAfterLogin ? answerLogin(c, cookieLost(https), 401) : c.redirect("/login", 303);
    }
    c.set("session", session);
    if (isReading(c)) return next();
    const form = await readForm(c.req.raw, FORM_BYTES_MAX);
    if (form.kind !== "ok") return answerBadForm(c, form);
    if (!createSecretCheck(session.formToken, platform)(form.fields.get("form_token") ?? ""))
      return answerMessage(c, 403, "The form is not ours, or too old: open the page again.");
    c.set("fields", form.fields);
    return next();
  };

const textOf = (result: ActionResult, verb: string): string =>
  result.done > 0 ? `1 dead letter ${verb}.` : `Nothing was ${verb}: ${result.refusals.join("; ") || "it is gone"}.`;

const addPages = (app: Hono<Env>, ports: DashboardPorts, sessions: Sessions, forget: (c: Context) => void): void => {
  const { log, platform } = ports;
  const notices = createNotices(platform);
  app.get("/", async (c) => {
    if (c.req.query("from") === "login") return c.redirect("/", 303);
    const before = c.req.query("before") ?? null;
    if (before !== null && !isLetterId(before))
      return answerMessage(c, 400, "There is no dead letter before that one.");
    const overview = await look(ports, before);
    if (c.req.header("accept")?.startsWith("application/json")) return c.json(overview);
    const session = c.get("session");
    const notice = notices.read(c.req.url, session);
    return answerPage(c, <OverviewPage overview={overview} formToken={session.formToken} notice={notice} />);
  });
  app.post("/logout", (c) => {
    sessions.close(c.get("session").id);
    forget(c);
    return c.redirect("/login", 303);
  });
  app.post("/dead-letters/:id/:action{replay|discard}", async (c) => {
    const { id, action } = c.req.param();
    if (!isLetterId(id)) return answerMessage(c, 404, "There is no such dead letter.");
    const isReplay = action === "replay";
    const reason = c.get("fields").get("reason")?.trim() ?? "";
    if (!isReplay && !isReason(reason))
      return answerMessage(
        c,
        422,
        `A reason of 1 to ${REASON_LENGTH_MAX} characters is required, without control characters.`,
      );
    const result = await (isReplay ? ports.replay(id) : ports.discard(id, reason));
    log("info", `dead-letter.${action}`, { id, done: result.done });
    return c.redirect(notices.urlOf(textOf(result, isReplay ? "replayed" : "discarded"), c.get("session")), 303);
  });
  app.post("/loss", async (c) => {
    const events = await ports.acknowledgeLoss();
    log("warn", "loss.acknowledged", { events });
    return c.redirect(notices.urlOf(`${events} lost events acknowledged.`, c.get("session")), 303);
  });
  app.notFound((c) => answerMessage(c, 404, "There is no such page, and no such action."));
};

/** The dashboard: one page behind a login. Works without scripts; every change is a form with the session's token. */
export const createApp = (ports: DashboardPorts, options: DashboardOptions): Hono<Env> => {
  const { https, assets } = options;
  const cookieName = https ? "__Host-session" : "session";
  const sessions = createSessions(ports.clock, ports.randomToken);
  const probes = createProbes(ports.health);
  const app = new Hono<Env>();

  app.use(securityHeaders);
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
  app.post("/login", createLogin(ports, sessions, { ...options, cookieName }));
  app.use(createGuard(ports, sessions, cookieName, https));
  addPages(app, ports, sessions, (c) => void deleteCookie(c, cookieName, { path: "/", secure: https }));
  return app;
};
