/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { createSecretCheck } from "@spillway/service";
import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import { answerBadForm, answerLogin, FORM_BYTES_MAX } from "./answers.tsx";
import { clientOf } from "./client-of.ts";
import { readForm } from "./form.ts";
import { ATTEMPTS_OWN, createLoginLimit, SHARED_PER_SECOND } from "./login-limit.ts";
import type { Bindings, DashboardPorts } from "./ports.ts";
import type { Sessions } from "./session.ts";

/** Where a login leads: whoever comes here without a session has a browser that did not keep the cookie. */
const AFTER_LOGIN = "/?from=login";

/** Why the right password led to no session. */
export const cookieLost = (https: boolean): string =>
  https
    ? "The password is right, but the browser did not keep the session: over plain http it takes its cookie from localhost " +
      "only. Open the dashboard over https, or, on a network that you trust, start it with ENVIRONMENT=development."
    : "The password is right, but the browser did not keep the session: allow this site to set cookies.";

type LoginOptions = { readonly password: string; readonly https: boolean; readonly cookieName: string };

/** Answers the login form. The right password is let in while others guess, even from the same address. */
export const createLogin = (ports: DashboardPorts, sessions: Sessions, options: LoginOptions) => {
  const { clock, platform, log } = ports;
  const limit = createLoginLimit(clock);
  const isPassword = createSecretCheck(options.password, platform);

  const refuse = (c: Context, nth: number, client: string) => {
    if (nth <= ATTEMPTS_OWN) {
      log("warn", "login.failed", { client });
      return answerLogin(c, "That is not the password.", 401);
    }
    if (nth === ATTEMPTS_OWN + 1) log("warn", "login.guessing", { client });
    const wait = limit.waitSeconds();
    c.header("Retry-After", String(wait));
    const problem = `Too many wrong passwords came from your address: try again in ${wait} s. The right one is let in meanwhile.`;
    return answerLogin(c, problem, 429);
  };

  return async (c: Context<{ Bindings: Bindings }>) => {
    const form = await readForm(c.req.raw, FORM_BYTES_MAX);
    if (form.kind !== "ok") return answerBadForm(c, form);
    // Who calls the app without a server leaves out all that a server would tell.
    const client = clientOf((c.env as Bindings | undefined)?.address ?? "");
    // Nothing is awaited between the count and the comparison: 500 bodies that ended at once were 500 guesses uncounted.
    const { nth, isChecked } = limit.attempt(client);
    if (!isChecked) {
      c.header("Retry-After", "1");
      return answerLogin(
        c,
        `More than ${SHARED_PER_SECOND} passwords a second are being tried: try again in 1 s.`,
        429,
      );
    }
    if (!isPassword(form.fields.get("password") ?? "")) return refuse(c, nth, client);
    const { id } = sessions.open({ name: "operator", role: "operator" });
    setCookie(c, options.cookieName, id, { httpOnly: true, sameSite: "Strict", secure: options.https, path: "/" });
    log("info", "login.succeeded", { client });
    return c.redirect(AFTER_LOGIN, 303);
  };
};
