/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { Unavailable } from "@spillway/event";
import type { User } from "@spillway/operators";
import { createSecretCheck } from "@spillway/service";
import type { Log } from "@spillway/telemetry";
import type { Context } from "hono";
import { answerLogin } from "./answers.tsx";
import type { Env } from "./env.ts";
import type { Fields } from "./form.ts";
import { ATTEMPTS_OWN, createLoginLimit, SHARED_PER_SECOND } from "./login-limit.ts";
import { createPasswords } from "./passwords.ts";
import type { DashboardPorts } from "./ports.ts";
import type { Sessions } from "./session.ts";

/** Who knocks, from where, with which browser's cookie. */
export type Knock = {
  readonly name: string;
  readonly password: string;
  readonly client: string;
  readonly cookie: string | undefined;
  readonly fields: Fields;
};

/** One way in: the user, or the answer to whoever is none. */
export type Door = (c: Context<Env>, knock: Knock) => Promise<User | Response>;

/** The user of the setting `DASHBOARD_PASSWORD`. */
export const SETTING_USER = "operator";

const WRONG = "That is not the password.";

const tellWrong = (log: Log, nth: number, client: string): void => {
  if (nth <= ATTEMPTS_OWN) log("warn", "login.failed", { client });
  else if (nth === ATTEMPTS_OWN + 1) log("warn", "login.guessing", { client });
};

/** The password of the setting, which is in memory and cheap to compare: the right one is let in while others guess, even from the same address. */
export const createSettingDoor = (ports: DashboardPorts, password: string): Door => {
  const { clock, platform, log } = ports;
  const limit = createLoginLimit(clock);
  const isRight = createSecretCheck(password, platform);

  const refuse = (c: Context<Env>, { fields, client }: Knock, nth: number) => {
    tellWrong(log, nth, client);
    if (nth <= ATTEMPTS_OWN) return answerLogin(c, WRONG, 401, fields);
    const wait = limit.waitSeconds();
    c.header("Retry-After", String(wait));
    const problem = `Too many wrong passwords came from your address: try again in ${wait} s. The right one is let in meanwhile.`;
    return answerLogin(c, problem, 429, fields);
  };

  return async (c, knock) => {
    // Nothing is awaited between the count and the comparison: 500 bodies that ended at once were 500 guesses uncounted.
    const { nth, isChecked } = limit.attempt(knock.client);
    if (!isChecked) {
      c.header("Retry-After", "1");
      const problem = `More than ${SHARED_PER_SECOND} passwords a second are being tried: try again in 1 s.`;
      return answerLogin(c, problem, 429, knock.fields);
    }
    return isRight(knock.password) ? { name: SETTING_USER, role: "operator" } : refuse(c, knock, nth);
  };
};

/** The passwords of the users in Postgres, dear to compare: let in while others guess from elsewhere, or in a browser that was the user's before. */
export const createUserDoor = (ports: DashboardPorts, sessions: Sessions): Door => {
  const passwords = createPasswords(ports.users, ports.argon, ports.clock);

  const check = async ({ name, password, client, cookie }: Knock) => {
    try {
      const browser = (await sessions.knows(cookie, name)) ? `browser ${cookie}` : null;
      return await passwords.check({ name, password, client, browser });
    } catch (error) {
      if (error instanceof Unavailable) return null;
      throw error;
    }
  };

  return async (c, knock) => {
    const { fields, client } = knock;
    const verdict = await check(knock);
    if (verdict === null) {
      const problem =
        "Postgres, which knows the users, does not answer: try again, or as the user of DASHBOARD_PASSWORD.";
      return answerLogin(c, problem, 503, fields);
    }
    if (verdict.kind === "user") return verdict.user;
    if (verdict.kind === "wrong") {
      tellWrong(ports.log, verdict.nth, client);
      return answerLogin(c, WRONG, 401, fields);
    }
    const { waitSeconds } = verdict;
    c.header("Retry-After", String(waitSeconds));
    const problem = `Too many passwords were tried, and this one was not looked at: try again in ${waitSeconds} s, or in a browser in which you were logged in before.`;
    return answerLogin(c, problem, 429, fields);
  };
};
