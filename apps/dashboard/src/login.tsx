/** @jsxRuntime automatic @jsxImportSource hono/jsx */

import type { User } from "@spillway/operators";
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { answerBadForm, answerKept, answerOnward, FORM_BYTES_MAX } from "./answers.tsx";
import { clientOf } from "./client-of.ts";
import { createSettingDoor, createUserDoor, SETTING_USER } from "./doors.tsx";
import type { Env } from "./env.ts";
import { readForm } from "./form.ts";
import { readKept } from "./kept.ts";
import type { DashboardPorts } from "./ports.ts";
import type { Origin, Sessions } from "./session.ts";

/** Where a login leads: whoever comes here without a session has a browser that did not keep the cookie. */
const AFTER_LOGIN = "/?from=login";

/** Longer than a session: it is how a browser is known again. */
const COOKIE_SECONDS = 90 * 86_400;

/** Why the right password led to no session. */
export const cookieLost = (https: boolean): string =>
  https
    ? "The password is right, but the browser did not keep the session: over plain http it takes its cookie from localhost " +
      "only. Open the dashboard over https, or, on a network that you trust, start it with ENVIRONMENT=development."
    : "The password is right, but the browser did not keep the session: allow this site to set cookies.";

type Entering = {
  readonly user: User;
  readonly from: Origin;
  readonly client: string;
  /** What was sent before the login, as a form of it has it. */
  readonly kept: string | undefined;
};

/** Gives whoever was let in a session, and leads on. */
export type Enter = (c: Context<Env>, entering: Entering) => Promise<Response>;

type EnterOptions = { readonly https: boolean; readonly cookieName: string };

export const createEnter =
  (ports: DashboardPorts, sessions: Sessions, { https, cookieName }: EnterOptions): Enter =>
  async (c, { user, from, client, kept: text }) => {
    const session = await sessions.open(user, from);
    const flags = { httpOnly: true, sameSite: "Strict", secure: https, path: "/", maxAge: COOKIE_SECONDS } as const;
    setCookie(c, cookieName, session.id, flags);
    ports.log("info", "login.succeeded", { client });
    const kept = readKept(text);
    if (kept !== null) return answerKept(c, ports, session, kept);
    return from === "provider" ? answerOnward(c, AFTER_LOGIN, "Go on") : c.redirect(AFTER_LOGIN, 303);
  };

type LoginOptions = { readonly password: string | undefined; readonly cookieName: string; readonly enter: Enter };

/** Answers the login form. */
export const createLogin = (ports: DashboardPorts, sessions: Sessions, options: LoginOptions) => {
  const { password, cookieName, enter } = options;
  const settingDoor = password === undefined ? null : createSettingDoor(ports, password);
  const userDoor = createUserDoor(ports, sessions);

  return async (c: Context<Env>) => {
    const form = await readForm(c.req.raw, FORM_BYTES_MAX);
    if (form.kind !== "ok") return answerBadForm(c, form);
    const { fields } = form;
    // Who calls the app without a server leaves out all that a server would tell.
    const client = clientOf((c.env as Env["Bindings"] | undefined)?.address ?? "");
    const name = fields.get("name")?.trim() || SETTING_USER;
    const isSetting = settingDoor !== null && name === SETTING_USER;
    const cookie = getCookie(c, cookieName);
    const knock = { name, password: fields.get("password") ?? "", client, cookie, fields };
    const opened = await (isSetting ? settingDoor : userDoor)(c, knock);
    if (opened instanceof Response) return opened;
    return enter(c, { user: opened, from: isSetting ? "setting" : "users", client, kept: fields.get("kept") });
  };
};
