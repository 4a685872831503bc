/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Overview } from "../../overview.ts";
import { Breakers, Outbox, Parked, Shards } from "./parts.tsx";

type OverviewProps = { readonly overview: Overview; readonly formToken: string };

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

export const OverviewPage = ({ overview, formToken }: OverviewProps) => (
  <>
    <h1>Overview</h1>
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
  </>
);
