import { DASHBOARD_PASSWORD } from "../support/dashboard.ts";
import { patiently, type Stack } from "./stack.ts";

/* What an operator does with the dashboard: logs in, looks, presses buttons. */

const logIn = async ({ dashboard }: Stack): Promise<string> => {
  const body = new URLSearchParams({ password: DASHBOARD_PASSWORD });
  const login = await fetch(`${dashboard.url}/login`, { method: "POST", body, redirect: "manual" });
  return login.headers.get("set-cookie")?.split(";")[0] ?? "";
};

const seen = async ({ dashboard }: Stack, cookie: string, accept: string, path = "/"): Promise<Response> =>
  fetch(new URL(path, dashboard.url), { headers: { cookie, accept } });

/** What it shows, as JSON. */
export const lookAt = async (stack: Stack): Promise<Record<string, unknown>> =>
  (await seen(stack, await logIn(stack), "application/json")).json();

/** Presses each button of this kind that the page has, with these fields; answers how many there were. */
const press = async (
  stack: Stack,
  path: string,
  action: RegExp,
  fields: Readonly<Record<string, string>> = {},
): Promise<number> => {
  const cookie = await logIn(stack);
  const page = await (await seen(stack, cookie, "text/html", path)).text();
  const token = /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const buttons = [...page.matchAll(/action="([^"]+)"/g)]
    .map(([, path = ""]) => path)
    .filter((path) => action.test(path));
  for (const path of buttons) {
    const body = new URLSearchParams({ form_token: token, ...fields });
    const answer = await fetch(`${stack.dashboard.url}${path}`, {
      method: "POST",
      body,
      headers: { cookie },
      redirect: "manual",
    });
    if (answer.status !== 303) throw new Error(`${path} was answered ${answer.status}`);
  }
  return buttons.length;
};

export const acknowledgeLoss = (stack: Stack) =>
  patiently("a button that acknowledges the loss", () => press(stack, "/", /loss/));

export const discardDeadLetters = (stack: Stack) =>
  patiently("no dead letter on the page", async () => {
    const list = await (await seen(stack, await logIn(stack), "text/html", "/dead-letters?status=waiting")).text();
    const letters = new Set([...list.matchAll(/"(\/dead-letters\/\d+)\?/g)].map(([, path = ""]) => path));
    for (const path of letters) await press(stack, path, /\/discard$/, { reason: "too large, and the sender knows" });
    return letters.size === 0;
  });
