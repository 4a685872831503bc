import { provideChromium, type Running } from "@spillway/backends";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { DASHBOARD_PASSWORD } from "../support/dashboard.ts";

/** A browser that somebody looks at the dashboard with. */
export const openBrowser = async (): Promise<Browser> =>
  chromium.launch({
    executablePath: await provideChromium((text) => console.log(text)),
    // Chromium's own sandbox needs rights that root in a container has not; it opens nothing but our page.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });

export type Operator = {
  readonly page: Page;
  /** What the page's console said that is an error, refusals by the CSP among it. */
  readonly complaints: readonly string[];
  open(path: string): Promise<void>;
};

/** Somebody who has logged in. */
export const logIn = async (
  browser: Browser,
  dashboard: Pick<Running, "url">,
  options: BrowserContextOptions = {},
): Promise<Operator> => {
  const context = await browser.newContext({ baseURL: dashboard.url, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    // A page that is none is what a test may have asked for.
    if (message.type() === "error" && !message.text().includes("status of 404")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto("/login");
  await page.getByLabel("Password").fill(DASHBOARD_PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL("/");
  return { page, complaints, open: async (path) => void (await page.goto(path)) };
};
