/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import { Layout } from "./layout.tsx";

/** The pages that the navigation leads to, in its order; each is a folder beside this file. */
const PAGES = {
  overview: { path: "/", name: "Overview" },
  "dead-letters": { path: "/dead-letters", name: "Dead letters" },
} as const;

export type PageName = keyof typeof PAGES;

export type FrameProps = {
  readonly page: PageName;
  /** Of the browser's tab; the page's name where it has none of its own. */
  readonly title?: string;
  readonly formToken: string;
  readonly notice: string | null;
  readonly atMs: number;
  readonly children: Child;
};

const Navigation = ({ page }: Pick<FrameProps, "page">) => (
  <nav aria-label="Pages">
    {Object.entries(PAGES).map(([name, { path, name: label }]) => (
      <a href={path} aria-current={name === page ? "page" : undefined}>
        {label}
      </a>
    ))}
  </nav>
);

/** What is around every page: where one can go, how old it is, and what the last action said. */
export const Frame = ({ page, title, formToken, notice, atMs, children }: FrameProps) => (
  <Layout title={`${title ?? PAGES[page].name} · Spillway`}>
    <a class="skip" href="#live">
      Skip to the page
    </a>
    <header>
      <a class="brand" href="/">
        Spillway
      </a>
      <Navigation page={page} />
      <form method="post" action="/logout">
        <input type="hidden" name="form_token" value={formToken} />
        <button type="submit">Log out</button>
      </form>
      <p id="freshness">
        as of <time datetime={new Date(atMs).toISOString()}>{new Date(atMs).toISOString().slice(11, 19)} UTC</time>
      </p>
    </header>
    {notice === null ? null : (
      <p class="notice" role="status">
        {notice}
      </p>
    )}
    <main id="live" tabindex={-1}>
      {children}
    </main>
    <script type="module" src="/live.js" />
  </Layout>
);
