/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { type Query, queryString } from "./query.ts";

type DecideProps = { readonly fields: Query["fields"]; readonly count: string; readonly about: string };

/** Leads to what a job over these letters would do. */
export const Decide = ({ fields, count, about }: DecideProps) => (
  <span class="act">
    <a
      href={`/jobs/new${queryString(fields, { kind: "replay" })}`}
      aria-label={`Replay ${count} of ${about}, after a plan`}
    >
      Replay {count}…
    </a>
    <a
      href={`/jobs/new${queryString(fields, { kind: "discard" })}`}
      aria-label={`Discard ${count} of ${about}, after a plan`}
    >
      Discard…
    </a>
  </span>
);
