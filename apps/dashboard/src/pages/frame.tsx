/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { User } from "@spillway/operators";
import type { Child } from "hono/jsx";
import type { Overview } from "../watch/watch.ts";
import { clockOf, countOf } from "./format.ts";
import { Layout } from "./layout.tsx";
import { levelWords, Sign, signs } from "./state.tsx";

/** The pages that the navigation leads to, in its order; each is a folder beside this file. */
const PAGES = {
  overview: { path: "/", name: "Overview" },
  lag: { path: "/lag", name: "Lag" },
  events: { path: "/events", name: "Event" },
  "dead-letters": { path: "/dead-letters", name: "Dead letters" },
  jobs: { path: "/jobs", name: "Jobs" },
  pipeline: { path: "/pipeline", name: "Pipeline" },
  audit: { path: "/audit", name: "Audit" },
  help: { path: "/help", name: "Help" },
  dev: { path: "/dev", name: "Dev" },
} as const;

export type PageName = keyof typeof PAGES;

/** Whose page an address is below; the overview's where it is none's. */
export const pageOf = (path: string): PageName =>
  (Object.entries(PAGES).find(([, page]) => page.path !== "/" && path.startsWith(page.path))?.[0] ??
    "overview") as PageName;

export type FrameProps = {
  readonly page: PageName;
  /** Of the browser's tab; the page's name where it has none of its own. */
  readonly title?: string;
  readonly isMoving?: boolean;
  readonly formToken: string;
  readonly notice: string | null;
  readonly overview: Overview;
  /** "production", which is said aloud, or "development". */
  readonly environment: string;
  /** Whether there is `/dev`. */
  readonly hasDev: boolean;
  readonly user: User;
  readonly children: Child;
};

/** How much there is to look at behind a page of the navigation. */
const Count = ({ of }: { readonly of: number | undefined }) =>
  of === undefined || of === 0 ? null : <span class="count"> {countOf(of)}</span>;

const Navigation = ({
  page,
  hasDev,
  overview: { totals, openJobs },
}: Pick<FrameProps, "page" | "overview" | "hasDev">) => (
  <nav aria-label="Pages" id="pages">
    {Object.entries(PAGES)
      .filter(([name]) => name !== "dev" || hasDev)
      .map(([name, { path, name: label }]) => (
        <a href={path} aria-current={name === page ? "page" : undefined}>
          {label}
          {name === "dead-letters" ? <Count of={totals?.total} /> : null}
          {name === "jobs" ? <Count of={openJobs?.length} /> : null}
        </a>
      ))}
  </nav>
);

/** How old the page is. Without scripts it is as of a moment; with them it says whether it is live. */
const Freshness = ({ atMs }: { readonly atMs: number }) => (
  <p id="freshness">
    <span id="live-state">as of</span>{" "}
    <time id="as-of" datetime={new Date(atMs).toISOString()}>
      {clockOf(atMs, atMs)} UTC
    </time>{" "}
    <button type="button" id="pause" hidden>
      Pause
    </button>
  </p>
);

/** Leads to one event, or one letter. */
const Find = () => (
  <search>
    <form method="get" action="/find" class="find">
      <input
        name="q"
        type="search"
        required
        maxlength={1024}
        data-key="/"
        aria-label="Find an event by its id, or a dead letter by its number"
        placeholder="event id or letter   /"
      />
      <button type="submit">Find</button>
    </form>
  </search>
);

/** What is around every page: where one can go, how things are, how old it is, and what the last action said. */
export const Frame = ({
  page,
  title,
  isMoving,
  formToken,
  notice,
  overview,
  environment,
  hasDev,
  user,
  children,
}: FrameProps) => (
  <Layout title={`${signs[overview.level]} ${title ?? PAGES[page].name} · Spillway`} isMoving={isMoving}>
    <a class="skip" href="#live">
      Skip to the page
    </a>
    <header>
      <a class="brand" href="/">
        Spillway
      </a>
      <span id="state">
        <Sign level={overview.level} /> <span class={`environment ${environment}`}>{environment}</span>
      </span>
      <Navigation page={page} overview={overview} hasDev={hasDev} />
      <div class="under">
        <Freshness atMs={overview.atMs} />
        <Find />
        <form method="post" action="/logout">
          <input type="hidden" name="form_token" value={formToken} />
          <span class="user">
            {user.name} ({user.role})
          </span>{" "}
          <button type="submit">Log out</button>
        </form>
      </div>
    </header>
    {notice === null ? null : (
      <p class="notice" role="status">
        {notice}
      </p>
    )}
    <p id="told" class="notice bad" role="alert" hidden />
    <p id="said" class="heard" aria-live="polite">
      {levelWords[overview.level]}: {overview.troubles[0]?.what ?? "all events are in Kafka or accounted for"}.
    </p>
    <main id="live" tabindex={-1}>
      <h1 class="heard">{title ?? PAGES[page].name}</h1>
      {children}
    </main>
    <script type="module" src="/live.js" />
  </Layout>
);
