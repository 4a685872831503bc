/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Overview } from "../overview.ts";
import { Layout } from "./layout.tsx";
import { Breakers, DeadLetters, Outbox, Parked, Shards } from "./parts.tsx";

type OverviewProps = { readonly overview: Overview; readonly formToken: string; readonly notice: string | null };

const Verdict = ({ troubles }: { troubles: readonly string[] }) =>
  troubles.length === 0 ? (
    <p class="notice good">All is well: both tiers take events, and the relays keep up.</p>
  ) : (
    <div class="notice bad">
      {troubles.map((trouble) => (
        <p>{trouble}</p>
      ))}
    </div>
  );

export const OverviewPage = ({ overview, formToken, notice }: OverviewProps) => (
  <Layout title={overview.troubles.length === 0 ? "Spillway" : "(!) Spillway"}>
    <header>
      <h1>
        <a href="/">Spillway</a>
      </h1>
      <p id="freshness" aria-live="polite">
        as of{" "}
        <time datetime={new Date(overview.atMs).toISOString()}>
          {new Date(overview.atMs).toISOString().slice(11, 19)} UTC
        </time>
      </p>
      <form method="post" action="/logout">
        <input type="hidden" name="form_token" value={formToken} />
        <button type="submit">Log out</button>
      </form>
    </header>
    <main id="live">
      {notice === null ? null : (
        <p class="notice" role="status">
          {notice}
        </p>
      )}
      <Verdict troubles={overview.troubles} />
      {overview.unaccounted === null || overview.unaccounted === 0 ? null : (
        <form method="post" action="/loss">
          <input type="hidden" name="form_token" value={formToken} />
          <button type="submit">Acknowledge the loss of {overview.unaccounted} events</button>
        </form>
      )}
      <Shards {...overview} />
      <Parked {...overview} />
      <div class="pair">
        <Outbox {...overview} />
        <Breakers {...overview} />
      </div>
      <DeadLetters {...overview} formToken={formToken} />
    </main>
    <script type="module" src="/live.js" />
  </Layout>
);
