/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { kindOf } from "../../verdict/trouble.ts";
import type { Standing } from "../../watch/trouble-book.ts";
import type { Overview } from "../../watch/watch.ts";
import { Deciding, type DecidingToken } from "../deciding.tsx";
import { durationOf } from "../format.ts";
import { Clock, Sign, Since } from "../state.tsx";

type FormProps = { readonly formToken: DecidingToken };

/** Who presses it knows of the loss; a further one is told again. */
const AcknowledgeLoss = ({ what, formToken }: FormProps & Pick<Standing, "what">) => (
  <Deciding action="/loss" formToken={formToken}>
    <button type="submit">
      Acknowledge<span class="heard">: {what}</span>
    </button>
  </Deciding>
);

const TroubleLine = ({ trouble, nowMs, formToken }: FormProps & { trouble: Standing; nowMs: number }) => (
  <li class={trouble.level} id={`trouble-${encodeURIComponent(trouble.key)}`}>
    <p class="what">
      <Sign level={trouble.level} />{" "}
      <strong>
        {trouble.what} since <Since atMs={trouble.sinceMs} nowMs={nowMs} />.
      </strong>{" "}
      {trouble.isOld ? "As it was known last: nobody says whether it is over. " : ""}
      {trouble.means}.
    </p>
    <p class="next">
      {trouble.next.replace(/\.\s*$/, "")}.{" "}
      {trouble.href === undefined ? null : (
        <a href={trouble.href}>Look{<span class="heard"> at: {trouble.what}</span>}</a>
      )}{" "}
      <a href={`/help#${kindOf(trouble)}`}>
        Why, and what then<span class="heard">: {trouble.what}</span>
      </a>
    </p>
    {trouble.key === "loss" ? <AcknowledgeLoss what={trouble.what} formToken={formToken} /> : null}
  </li>
);

/** The state in sentences, the worst first. It is well only where nothing is wrong and everything is known. */
export const Verdict = ({ overview, formToken }: FormProps & { overview: Overview }) => (
  <ul class="verdict" aria-label="Verdict">
    {overview.troubles.length === 0 ? (
      <li class="well" id="trouble-none">
        <p class="what">
          <Sign level="well" /> <strong>All events are in Kafka or accounted for.</strong>{" "}
          {overview.account.oldestMs === null
            ? "Nothing waits."
            : `The oldest that waits has waited ${durationOf(overview.account.oldestMs)}.`}
        </p>
      </li>
    ) : (
      overview.troubles.map((trouble) => <TroubleLine trouble={trouble} nowMs={overview.atMs} formToken={formToken} />)
    )}
  </ul>
);

/** What was wrong in the last hour and is not any more. */
export const Over = ({ overview: { over, atMs } }: { overview: Overview }) =>
  over.length === 0 ? null : (
    <section>
      <h2>Over, in the last hour</h2>
      <ul class="over">
        {over.map(({ what, sinceMs, untilMs }) => (
          <li>
            <span class="times">
              <Clock atMs={sinceMs} nowMs={atMs} /> to <Clock atMs={untilMs} nowMs={atMs} /> (
              {durationOf(untilMs - sinceMs)})
            </span>{" "}
            {what}.
          </li>
        ))}
      </ul>
    </section>
  );
