/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { type JobKind, type LetterSummary, type Plan, RATE_MAX } from "@spillway/dead-letters";
import type { TopicLimit } from "../../sights/topic-limits.ts";
import { type Query, queryString } from "../dead-letters/query.ts";
import { Deciding, type DecidingToken } from "../deciding.tsx";
import { bytesOf, countOf, durationOf } from "../format.ts";
import { Shown } from "../shown.tsx";
import { Unknown } from "../state.tsx";
import { skippedOf, skipsOf, VERBS } from "./words.ts";

export const RATE = 500;
export const DEATHS_MAX = 20;

/** What was typed into the form of a plan. */
export type Typed = { readonly reason: string; readonly rate: string; readonly deathsMax: string };

type PlanProps = {
  readonly kind: Exclude<JobKind, "restore">;
  readonly query: Query;
  readonly about: string;
  readonly plan: Plan;
  readonly samples: readonly LetterSummary[];
  /** What the topic takes now, of letters that were too large for it. */
  readonly limit: TopicLimit | null;
  readonly typed: Typed;
  /** Sent twice, the form orders one job. */
  readonly orderKey: string;
  readonly problem: string | null;
  readonly formToken: DecidingToken;
};

const sentenceOf = ({ kind, plan, about }: Pick<PlanProps, "kind" | "plan" | "about">): string => {
  const { letters, capped, skipped } = plan;
  const all = `${countOf(letters)}${capped ? "+" : ""}`;
  if (kind === "discard")
    return `Discard ${all} of ${about}: they wait no more, nothing is deleted, and it can be taken back.`;
  const skips = skipsOf(skipped);
  const goes = `${countOf(letters - skippedOf(skipped))}${capped ? "+" : ""} will go`;
  return `Replay ${all} of ${about}: ${goes}${skips === "" ? "" : `, ${skips}`}.`;
};

/** Those that were too large are refused again unless the topic takes more than it did. */
const Limit = ({ limit }: { readonly limit: TopicLimit }) => (
  <p>
    They were too large for their topic,{" "}
    {limit.kind === "known" ? (
      `which takes ${countOf(limit.bytes)} bytes of a batch now, as it is sent, compressed: larger ones are likely to die again.`
    ) : (
      <>
        and what it takes now is <Unknown />: {limit.why}.
      </>
    )}
  </p>
);

/** What a job would do, before it does it. The filter and its last letter are frozen by the form. */
export const PlanPage = (props: PlanProps) => {
  const { kind, query, plan, samples, limit, typed, orderKey, problem, formToken } = props;
  return (
    <article>
      <h2>
        <Shown text={sentenceOf(props)} />
      </h2>
      {problem === null ? null : (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      <p class="hint">
        Letters that come from now on are not decided by it. At {RATE} a second it takes{" "}
        {plan.capped ? "more than" : "about"} {durationOf((plan.letters / RATE) * 1_000)}.
        {plan.capped ? " What is counted are the first of them: the job goes through all." : ""}
      </p>
      {limit === null ? null : <Limit limit={limit} />}
      {samples.length === 0 ? null : (
        <ul>
          {samples.map((letter) => (
            <li>
              <a href={`/dead-letters/${letter.id}`}>Letter {letter.id}</a>: <Shown text={letter.type} max={80} />,{" "}
              {bytesOf(letter.bytesLength)}, <Shown text={letter.detail} max={160} />
            </li>
          ))}
        </ul>
      )}
      {formToken === null ? <p class="hint">It is for an operator to begin it.</p> : null}
      <Deciding class="plan" action="/jobs" formToken={formToken}>
        <input type="hidden" name="kind" value={kind} />
        <input type="hidden" name="order" value={orderKey} />
        <input type="hidden" name="address" value={queryString(query.fields)} />
        <input type="hidden" name="through" value={plan.throughId} />
        <input type="hidden" name="at" value={String(query.atMs)} />
        <input type="hidden" name="planned" value={String(plan.letters)} />
        <label>
          Reason{kind === "discard" ? "" : " (if you like)"}{" "}
          <input name="reason" required={kind === "discard"} maxlength={500} value={typed.reason} />
        </label>
        <label>
          Letters a second, at most {countOf(RATE_MAX)}{" "}
          <input name="rate" inputmode="numeric" required value={typed.rate} />
        </label>
        {kind === "discard" ? null : (
          <label>
            Stop when more than so many died again{" "}
            <input name="deaths_max" inputmode="numeric" required value={typed.deathsMax} />
          </label>
        )}
        <button type="submit">
          {VERBS[kind].will} {plan.capped ? "all that the filter finds" : countOf(plan.letters)}
        </button>{" "}
        <a href={`/dead-letters${queryString(query.fields)}`}>Back to the letters</a>
      </Deciding>
    </article>
  );
};
