/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { LetterAction, WholeLetter } from "@spillway/dead-letters";
import type { Child } from "hono/jsx";
import type { Beside } from "../../ports.ts";
import type { TopicLimit } from "../../sights/topic-limits.ts";
import { CopyOf } from "../copy.tsx";
import { Deciding, type DecidingToken } from "../deciding.tsx";
import { bytesOf } from "../format.ts";
import { Shown } from "../shown.tsx";
import { Moment } from "../time.tsx";
import { type Body, VIEWS } from "./body.ts";
import { curlOf } from "./curl.ts";
import { Facts } from "./facts.tsx";
import { prospectOf } from "./prospect.ts";

type LetterProps = {
  readonly letter: WholeLetter;
  readonly body: Body;
  /** What its topic takes now. */
  readonly limit: TopicLimit;
  /** Of the list that one came from. */
  readonly address: string;
  /** The ids of those before and after it there; null: they could not be read. */
  readonly beside: Beside | null;
  readonly formToken: DecidingToken;
  /** What was typed, and why it was refused. */
  readonly refused: { readonly reason: string; readonly problem: string } | null;
};

const VERBS: Readonly<Record<LetterAction["action"], string>> = {
  replay: "Replayed",
  discard: "Discarded",
  restore: "Restored",
};

const Story = ({ letter }: { readonly letter: WholeLetter }) => (
  <section>
    <h3>Its story</h3>
    <ol class="story">
      {letter.receivedAtMs === null ? null : (
        <li>
          <Moment ms={letter.receivedAtMs} />{" "}
          {letter.replay === 0 ? "Taken from its producer." : `Replayed, for life ${letter.replay + 1}.`}
        </li>
      )}
      {letter.firstFailedAtMs === letter.createdAtMs ? null : (
        <li>
          <Moment ms={letter.firstFailedAtMs} /> Died for the first time.
        </li>
      )}
      <li>
        <Moment ms={letter.createdAtMs} /> Died of <Shown text={letter.code} />: <Shown text={letter.detail} />
      </li>
      {letter.actions.map(({ action, actor, reason, atMs }) => (
        <li>
          <Moment ms={atMs} /> {VERBS[action]} by <Shown text={actor} />
          {reason === null ? (
            "."
          ) : (
            <>
              : <Shown text={reason} />
            </>
          )}
        </li>
      ))}
    </ol>
    {letter.history.length === 0 ? null : (
      <>
        <h4>Its other lives</h4>
        <ul>
          {letter.history.map((life) => (
            <li>
              <a href={`/dead-letters/${life.id}`}>Life {life.replay + 1}</a>, {life.status}: died of{" "}
              <Shown text={life.code} />, <Moment ms={life.createdAtMs} />
            </li>
          ))}
        </ul>
      </>
    )}
  </section>
);

const Content = ({ letter, body, address }: Pick<LetterProps, "letter" | "body" | "address">) => (
  <section>
    <h3>Its bytes</h3>
    <p class="views">
      {VIEWS.map((view) =>
        view === body.view ? (
          <strong aria-current="true">{view}</strong>
        ) : (
          <a href={`/dead-letters/${letter.id}${address}${address === "" ? "?" : "&"}view=${view}`}>{view}</a>
        ),
      )}
      <a id="download" href={`/dead-letters/${letter.id}/body`}>
        download
      </a>
      <CopyOf id="download" what="all its bytes as text" />
    </p>
    {body.note === null ? null : <p class="hint">{body.note}</p>}
    <pre tabindex={0}>
      <Shown text={body.text} max={26_000} lines />
    </pre>
    {body.bytesShown === letter.bytesLength ? null : (
      <p class="hint">
        The first {bytesOf(body.bytesShown)} of {bytesOf(letter.bytesLength)}; the download has all.
      </p>
    )}
    <details>
      <summary>As curl</summary>
      <pre id="curl" tabindex={0}>
        {curlOf(letter.id, letter.bytes)}
      </pre>
      <CopyOf id="curl" what="the command" />
    </details>
  </section>
);

type DecisionProps = Pick<LetterProps, "letter" | "address" | "formToken"> & {
  readonly action: string;
  readonly children: Child;
};

const Decision = ({ action, address, formToken, letter, children }: DecisionProps) => (
  <Deciding action={`/dead-letters/${letter.id}/${action}`} formToken={formToken}>
    <input type="hidden" name="address" value={address} />
    {children}
  </Deciding>
);

const Actions = ({ letter, limit, address, formToken, refused }: LetterProps) => {
  const decision = { letter, address, formToken };
  return (
    <section class="decide" aria-label="Decide">
      {refused === null ? null : (
        <p class="notice bad" role="alert">
          {refused.problem}
        </p>
      )}
      {letter.status === "replayed" ? (
        <p>
          It was replayed{letter.identity === null ? "" : ": "}
          {letter.identity === null ? null : <a href={`/events/${letter.identity}`}>where the event is now</a>}. If it
          died again it has a new letter, among its other lives.
        </p>
      ) : null}
      {letter.status === "waiting" ? (
        <>
          <p>{prospectOf(letter, limit)}</p>
          <Decision action="replay" {...decision}>
            <button type="submit">Replay letter {letter.id}</button>
          </Decision>
          <Decision action="discard" {...decision}>
            <label>
              Reason <input name="reason" required maxlength={500} value={refused?.reason} />
            </label>
            <button type="submit">Discard letter {letter.id}</button>
          </Decision>
        </>
      ) : null}
      {letter.status === "discarded" ? (
        <Decision action="restore" {...decision}>
          <button type="submit">Take the discard of letter {letter.id} back</button>
        </Decision>
      ) : null}
    </section>
  );
};

const Neighbours = ({ letter, beside, address }: Pick<LetterProps, "letter" | "beside" | "address">) => (
  <nav class="paging" aria-label="Letters">
    <a href={`/dead-letters${address}`}>Back to the letters</a>
    {beside?.newer ? (
      <a rel="prev" href={`/dead-letters/${beside.newer}${address}`}>
        Newer: letter {beside.newer}
      </a>
    ) : null}
    {beside?.older ? (
      <a rel="next" href={`/dead-letters/${beside.older}${address}`}>
        Older: letter {beside.older}
      </a>
    ) : null}
    <a href={`/dead-letters/${letter.id}/group`}>All that died of the same</a>
    {letter.identity === null ? null : <a href={`/events/${letter.identity}`}>What became of the event</a>}
  </nav>
);

/** One letter: what it is, how it came here, its bytes, and what can be done. Everything of the event's is hostile. */
export const Letter = (props: LetterProps) => {
  const { letter } = props;
  return (
    <article>
      <Neighbours {...props} />
      <h2>
        Letter {letter.id}: <Shown text={letter.code} /> <span class="tag">{letter.deadLetterClass}</span>{" "}
        <span class="tag">{letter.status}</span>
      </h2>
      <Actions {...props} />
      <div class="pair">
        <div>
          <Story letter={letter} />
          <Facts {...props} />
        </div>
        <Content {...props} />
      </div>
    </article>
  );
};
