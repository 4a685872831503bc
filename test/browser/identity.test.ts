import { freePort, type Running } from "@spillway/backends";
import { createDeadLetters } from "@spillway/dead-letters";
import { openDatabase } from "@spillway/postgres";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { DASHBOARD_PASSWORD, startDashboard } from "../support/dashboard.ts";
import { identityEnv, startIdentityProvider } from "../support/identity-provider.ts";
import { startTlsProxy } from "../support/tls-proxy.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { auditOf } from "./audit.ts";
import { openBrowser } from "./operator.ts";

/* People log in at a provider of identities, which is another site, to a dashboard in production behind https and below a path. */
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let provider: Running;
let proxy: Awaited<ReturnType<typeof startTlsProxy>>;
let browser: Browser;
let publicUrl: string;

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, {});
  const port = await freePort();
  publicUrl = `https://localhost:${port}/ops/spillway`;
  provider = await startIdentityProvider({ publicUrl });
  dashboard = await startDashboard(services, pipeline, {
    ENVIRONMENT: "production",
    ...identityEnv(provider, publicUrl),
  });
  proxy = await startTlsProxy(port, dashboard.url);
  const database = openDatabase({ url: pipeline.addresses.databaseUrl });
  await createDeadLetters({ database }).put([letterOf({ topic: pipeline.topic })]);
  await database.close();
});
afterAll(async () => {
  await browser?.close();
  await proxy?.stop();
  await Promise.all([dashboard?.stop(), provider?.stop()]);
  await pipeline?.stop();
  await services?.stop();
});

const visit = async (path = "/"): Promise<Page> => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(`${publicUrl}${path}`);
  return page;
};

/** From the dashboard's login through the provider's pages, and back. */
const goThrough = async (page: Page, name: string) => {
  await page.getByRole("button", { name: /^Log in with 127/ }).click();
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
};

test("a person is let in with the role of a claim, and is the actor of what she does", async () => {
  const page = await visit();
  expect(await auditOf(page)).toEqual([]);
  await goThrough(page, "ann");
  await page.getByText("ann@example.com [ann] (operator)").waitFor();
  expect(new URL(page.url()).pathname).toBe("/ops/spillway/");
  const cookies = await page.context().cookies(publicUrl);
  const [session] = cookies.filter(({ name }) => name === "__Host-session");
  expect(session).toMatchObject({ sameSite: "Strict", secure: true, httpOnly: true });
  expect(cookies.map(({ name }) => name)).not.toContain("__Host-login");

  // The session is over while she types.
  await page.goto(`${publicUrl}/dead-letters/1`);
  await page.getByLabel("Reason").fill("typed <b> ü before it was over");
  await page.context().clearCookies({ name: "__Host-session" });
  await page.getByRole("button", { name: "Discard letter 1" }).click();
  await page.getByRole("button", { name: /^Log in with 127/ }).click();
  // The provider knows the browser, and asks nothing.
  await page.getByRole("button", { name: "Send it again" }).click();
  await page.getByText("Letter 1 was discarded.").waitFor();
  const deeds = await pipeline.sql`select actor, action, reason from audit`;
  expect([...deeds]).toEqual([
    { actor: "ann@example.com [ann]", action: "letter.discard", reason: "typed <b> ü before it was over" },
  ]);
  await page.context().close();
});

test("who logs out is asked whether at the provider, too, and is asked for a password there the next time", async () => {
  const page = await visit();
  await goThrough(page, "ann");
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByText(/You are logged out here/).waitFor();
  await page.getByRole("button", { name: /^Log out of 127.*too/ }).click();
  await page.getByRole("button", { name: /Yes/ }).click();
  await page.waitForURL(`${publicUrl}/login**`);
  await page.getByRole("button", { name: /^Log in with 127/ }).click();
  await page.getByPlaceholder("Enter any login").waitFor();
  await page.context().close();
});

test("a viewer changes nothing, and whoever has no role is refused with a word", async () => {
  const viewer = await visit();
  await goThrough(viewer, "vic");
  await viewer.getByText("vic@example.com [vic] (viewer)").waitFor();
  await viewer.context().close();

  const nobody = await visit();
  await goThrough(nobody, "nora");
  expect(await nobody.getByRole("alert").textContent()).toContain("nora@example.com [nora] is known to 127.0.0.1");
  expect(await nobody.getByRole("alert").textContent()).toContain(
    'has no role here: ask whoever keeps the claim "roles"',
  );
  expect((await nobody.context().cookies(publicUrl)).map(({ name }) => name)).not.toContain("__Host-session");
  // Beside it the password goes on.
  await nobody.getByLabel("Password").fill(DASHBOARD_PASSWORD);
  await nobody.getByRole("button", { name: "Log in", exact: true }).click();
  await nobody.getByText("operator (operator)").waitFor();
  await nobody.context().close();
});

test("an answer of the provider that this browser did not ask for, or that came before, opens nothing", async () => {
  const page = await visit();
  let answer = "";
  page.on("request", (request) => {
    if (request.url().includes("/login/provider?code=")) answer = request.url();
  });
  await goThrough(page, "ann");
  await page.getByText("(operator)").waitFor();
  const other = await visit();
  for (const each of [page, other]) {
    const response = await each.goto(answer);
    expect([response?.status(), await each.getByRole("alert").textContent()]).toEqual([
      403,
      "This login was not begun in this browser, or too long ago: log in again.",
    ]);
  }
  await page.context().close();
  await other.context().close();
});
