/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Flow, Person } from "@spillway/oidc";
import type { Role, User } from "@spillway/operators";
import type { Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { answerBadForm, answerLogin, answerOnward, FORM_BYTES_MAX } from "./answers.tsx";
import { clientOf } from "./client-of.ts";
import type { Env } from "./env.ts";
import { readForm } from "./form.ts";
import type { Enter } from "./login.tsx";
import { createLoginLimit } from "./login-limit.ts";
import type { DashboardPorts, Identities } from "./ports.ts";

/** Each costs the provider a question, whoever sends it. */
const RETURNS = { own: 20, sharedPerSecond: 5 };
const FLOW_SECONDS = 600;
/** What a browser keeps of a cookie is 4,096 bytes with its name and attributes. */
const COOKIE_LENGTH_MAX = 3_800;

/** A login that goes on elsewhere, and the form that was sent before it. */
type Leave = Flow & { readonly kept: string };

const writeLeave = (leave: Leave): string => {
  const textOf = (kept: string) => Buffer.from(JSON.stringify({ ...leave, kept })).toString("base64url");
  const whole = textOf(leave.kept);
  return whole.length > COOKIE_LENGTH_MAX ? textOf("") : whole;
};

/** Null: it is none of ours. */
const readLeave = (cookie: string | undefined): Leave | null => {
  try {
    const leave = JSON.parse(Buffer.from(cookie ?? "", "base64url").toString()) as Partial<Leave>;
    const { state, nonce, verifier, kept = "" } = leave;
    const isLeave = [state, nonce, verifier, kept].every((text) => typeof text === "string") && state !== "";
    return isLeave ? ({ state, nonce, verifier, kept } as Leave) : null;
  } catch {
    // Nobody who left from here comes back with it.
    return null;
  }
};

/**
 * The name in every audit row. A space and brackets are in no name of a user in Postgres, so nobody at the provider is taken for one of
 * them; the subject is what identifies, whatever somebody calls himself.
 */
export const userNameOf = ({ subject, label }: Person): string => {
  const id = subject.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").slice(0, 255);
  return label === null ? `[${id}]` : `${label} [${id}]`;
};

/** The highest of the roles that the settings name. Null: none, so nobody gets in who was not meant to. */
export const roleOf = (names: readonly string[], roles: ReadonlyMap<string, Role>): Role | null => {
  const given = names.map((name) => roles.get(name));
  return given.includes("operator") ? "operator" : given.includes("viewer") ? "viewer" : null;
};

type ProviderOptions = { readonly https: boolean; readonly enter: Enter };

const createReturn = (ports: DashboardPorts, identities: Identities, { https, enter }: ProviderOptions) => {
  const { provider, roles, roleClaim } = identities;
  const limit = createLoginLimit(ports.clock, RETURNS);
  const cookieName = https ? "__Host-login" : "login";

  const refuse = (c: Context<Env>, client: string, code: string, text: string, kept = "") => {
    ports.log("warn", "login.refused", { client, code });
    return answerLogin(c, text, 403, new Map([["kept", kept]]));
  };

  const settle = async (c: Context<Env>, client: string, { kept, ...flow }: Leave) => {
    const arrival = await provider.finish(new URL(c.req.url).search, flow);
    if (arrival.kind === "away") {
      const fields = new Map([["kept", kept]]);
      return answerLogin(c, `${provider.name} does not answer: try again, or with a password.`, 503, fields);
    }
    if (arrival.kind === "refused") {
      const text = `${provider.name} let nobody in, or its answer was not meant for this login: ${arrival.code}.`;
      return refuse(c, client, arrival.code, text, kept);
    }
    const name = userNameOf(arrival.person);
    const role = roleOf(arrival.person.roleNames, roles);
    const user: User | null = role === null ? null : { name, role };
    if (user !== null) return enter(c, { user, from: "provider", client, kept });
    const text = `${name} is known to ${provider.name} and has no role here: ask whoever keeps the claim "${roleClaim}" there.`;
    return refuse(c, client, "no_role", text);
  };

  return async (c: Context<Env>) => {
    const client = clientOf((c.env as Env["Bindings"] | undefined)?.address ?? "");
    const leave = readLeave(getCookie(c, cookieName));
    deleteCookie(c, cookieName, { path: "/", secure: https });
    c.header("Cache-Control", "no-store");
    // Before the limit: what is nobody's login costs nothing, and takes nobody's place.
    if (leave === null || new URL(c.req.url).searchParams.get("state") !== leave.state)
      return refuse(c, client, "not_begun", "This login was not begun in this browser, or too long ago: log in again.");
    if (limit.attempt(client).isChecked) return settle(c, client, leave);
    c.header("Retry-After", String(limit.waitSeconds()));
    return answerLogin(c, "Too many come back at once: try again in a minute.", 429, new Map([["kept", leave.kept]]));
  };
};

/** `/login/provider`: out to the provider of identities, and back from it. */
export const addProviderLogin = (app: Hono<Env>, ports: DashboardPorts, options: ProviderOptions): void => {
  const { identities } = ports;
  if (identities === null) return;
  const { provider } = identities;
  const flags = { httpOnly: true, sameSite: "Lax", secure: options.https, path: "/", maxAge: FLOW_SECONDS } as const;

  app.post("/login/provider", async (c) => {
    const form = await readForm(c.req.raw, FORM_BYTES_MAX);
    if (form.kind !== "ok") return answerBadForm(c, form);
    const beginning = await provider.begin();
    if (beginning === null)
      return answerLogin(c, `${provider.name} does not answer: try again, or with a password.`, 503, form.fields);
    const leave = { ...beginning.flow, kept: form.fields.get("kept") ?? "" };
    setCookie(c, options.https ? "__Host-login" : "login", writeLeave(leave), flags);
    return answerOnward(c, beginning.url, `Go on to ${provider.name}`);
  });
  app.get("/login/provider", createReturn(ports, identities, options));
  app.post("/logout/provider", async (c) => {
    const url = await provider.endUrl();
    if (url === null) return answerLogin(c, `${provider.name} cannot be asked to log you out.`, 503);
    return answerOnward(c, url, `Log out of ${provider.name}`);
  });
};
