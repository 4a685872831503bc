/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { Unavailable, within } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import type { Context, ErrorHandler } from "hono";
import { html } from "hono/html";
import { HTTPException } from "hono/http-exception";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { NotBegun } from "./audited.ts";
import type { Env } from "./env.ts";
import type { Fields, Form } from "./form.ts";
import type { Kept } from "./kept.ts";
import type { DecidingToken } from "./pages/deciding.tsx";
import { Frame, type FrameProps, pageOf } from "./pages/frame.tsx";
import { LoginPage, MessagePage, OnwardPage } from "./pages/login/page.tsx";
import { Problem, type Typed } from "./pages/problem.tsx";
import type { DashboardPorts } from "./ports.ts";
import type { Session } from "./session.ts";

export const FORM_BYTES_MAX = 8 * 1024;

/** So long an answer waits for a look that shows what it changed. */
const FRESH_MS = 1_000;

/** Nobody may keep a page. Browsers take one without a doctype for one of 1998. */
export const answerPage = (c: Context, page: Child, status: ContentfulStatusCode = 200) =>
  c.html(html`<!doctype html>${page}`, status, { "cache-control": "no-store" });

/** A page with what is around every page. */
export const answerFramed = async (
  c: Context<Env>,
  { watch, environment, dev }: DashboardPorts,
  frame: Pick<FrameProps, "page" | "title" | "isMoving">,
  children: Child,
  status: ContentfulStatusCode = 200,
) => {
  const session = c.get("session");
  if ((c.req.header("sec-fetch-mode") ?? "navigate") === "navigate") {
    session.shown = session.notice;
    session.notice = null;
  }
  const { shown: notice, user } = session;
  return answerPage(
    c,
    <Frame
      {...frame}
      {...{ notice, environment, user }}
      hasDev={dev !== null}
      formToken={session.formToken}
      overview={await watch.latest()}
    >
      {children}
    </Frame>,
    status,
  );
};

/** Of a form that decides something. */
export const decidingToken = (c: Context<Env>): DecidingToken => {
  const { user, formToken } = c.get("session");
  return user.role === "operator" ? formToken : null;
};

/** After an action: the page that says what was done, and shows what it changed. */
export const answerDone = async (c: Context<Env>, { watch, clock }: DashboardPorts, path: string, text: string) => {
  // A look takes seconds while a backend is frozen: that it was done is said meanwhile.
  await within(clock, FRESH_MS, watch.fresh());
  c.get("session").notice = text;
  return c.redirect(path, 303);
};

/** What a form held, but for its token. */
const typedOf = (c: Context): Typed | null => {
  const { fields } = c.var as Partial<Env["Variables"]>;
  if (fields === undefined) return null;
  return { action: c.req.path, fields: [...fields].filter(([name]) => name !== "form_token" && name !== "password") };
};

/** What an action is about: a letter, a job, or the page. */
const placeOf = (path: string): string => /^\/(?:dead-letters|jobs)\/[1-9]\d{0,18}(?=\/)/.exec(path)?.[0] ?? "/";

/** A refusal in words, with a way on, and with what was typed: on the page's own frame where somebody is logged in. */
export const answerMessage = async (
  c: Context,
  status: ContentfulStatusCode,
  text: string,
  to: "/" | "/login" = "/",
) => {
  const { session, ports } = c.var as Partial<Env["Variables"]>;
  const typed = typedOf(c);
  if (session === undefined || ports === undefined)
    return answerPage(c, <MessagePage text={text} to={to} typed={typed} />, status);
  const place = placeOf(c.req.path);
  const problem = (
    <>
      <Problem text={text} typed={typed} formToken={decidingToken(c)} />
      <p>
        <a href={place}>{place === "/" ? "Back to the dashboard" : "Look at it again"}</a>
      </p>
    </>
  );
  return answerFramed(c, ports, { page: pageOf(c.req.path), title: `${status}` }, problem, status);
};

/** With what was typed, but the password. */
export const answerLogin = (
  c: Context,
  problem: string | null,
  status: ContentfulStatusCode = 200,
  fields: Fields = new Map(),
) => {
  const { ports } = c.var as Partial<Env["Variables"]>;
  const props = {
    problem,
    name: fields.get("name"),
    kept: fields.get("kept"),
    provider: ports?.identities?.provider.name,
  };
  return answerPage(c, <LoginPage {...props} isOut={c.req.query("out") !== undefined} />, status);
};

/**
 * A page that leads on by itself. No redirect: `form-action` forbids it to lead a form elsewhere, and a browser that comes from elsewhere by
 * one does not send the cookie of a session, which is strict.
 */
export const answerOnward = (c: Context, url: string, words: string) => {
  c.header("Refresh", `0; url=${url}`);
  return answerPage(c, <OnwardPage url={url} words={words} />);
};

/** After a login: what was sent before it, to be sent again. */
export const answerKept = (c: Context<Env>, ports: DashboardPorts, session: Session, kept: Kept) => {
  c.set("session", session);
  const typed = { action: kept.path, fields: kept.fields };
  const page = <Problem text="You are logged in again." typed={typed} formToken={decidingToken(c)} />;
  return answerFramed(c, ports, { page: "dead-letters", title: "Send it again?" }, page);
};

export const answerBadForm = (c: Context, { kind }: Exclude<Form, { readonly kind: "ok" }>) =>
  kind === "too_large"
    ? answerMessage(c, 413, `The form is too large: at most ${FORM_BYTES_MAX} bytes are read.`)
    : answerMessage(c, 400, "The form is damaged: it ended early, or is not UTF-8.");

const unavailableText = (method: string, error: Unavailable): string => {
  const why = `Postgres did not answer (${error.code})`;
  if (method === "GET") return `${why}, so this page cannot be shown: try again.`;
  if (error instanceof NotBegun) return `${why}, so nothing was done: send it again when it does.`;
  return `${why}: it is not known whether this was done. Send it again when it does: it is done once, and the answer says whether it was done before.`;
};

/** What a handler threw: a refusal of the framework's, a backend that is away, or a bug, which alone is an error of ours. */
export const createAnswerError =
  (log: Log): ErrorHandler =>
  (error, c) => {
    if (error instanceof HTTPException)
      return answerMessage(c, error.status as ContentfulStatusCode, "The request cannot be read.");
    if (error instanceof Unavailable) {
      log("warn", "page.unavailable", { code: error.code });
      return answerMessage(c, 503, unavailableText(c.req.method, error));
    }
    log("error", "page.failed", { error: error.name });
    return answerMessage(c, 500, "The page could not be made; the log says more.");
  };
