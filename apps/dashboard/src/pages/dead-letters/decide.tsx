/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { DecidingToken } from "../deciding.tsx";

type DecideProps = {
  /** Where a job of a kind over these letters is planned. */
  readonly planOf: (kind: "replay" | "discard") => string;
  readonly count: string;
  readonly about: string;
  readonly formToken: DecidingToken;
};

/** Leads an operator to what a job over these letters would do. */
export const Decide = ({ planOf, count, about, formToken }: DecideProps) =>
  formToken === null ? null : (
    <span class="act">
      <a href={planOf("replay")} aria-label={`Replay ${count} of ${about}, after a plan`}>
        Replay {count}…
      </a>
      <a href={planOf("discard")} aria-label={`Discard ${count} of ${about}, after a plan`}>
        Discard…
      </a>
    </span>
  );
