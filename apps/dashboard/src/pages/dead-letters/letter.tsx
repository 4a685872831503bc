/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { LetterAction, WholeLetter } from "@spillway/dead-letters";
import { REPLAYS_MAX, replayRefusalOf } from "@spillway/event";
import type { Child } from "hono/jsx";
import type { Beside } from "../../ports.ts";
import { Copy, CopyOf } from "../copy.tsx";
import { Deciding, type DecidingToken } from "../deciding.tsx";
import { bytesOf, countOf } from "../format.ts";
import { Shown } from "../shown.tsx";
import { Moment } from "../time.tsx";
import { type Body, VIEWS } from "./body.ts";
import { curlOf } from "./curl.ts";

type LetterProps = {
  readonly letter: WholeLetter;
  readonly body: Body;
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

/** What a replay would do, as far as it is known. */
const prospectOf = (letter: WholeLetter): string => {
  const isNamed = letter.source !== null && letter.eventId !== null;
  const refusal = replayRefusalOf({ ...letter, identity: isNamed ? letter.identity : null }, REPLAYS_MAX);
  if (refusal !== null) return `It cannot be replayed: ${refusal.detail}.`;
  if (letter.deadLetterClass === "oversize")
    return `A replay sends its ${countOf(letter.bytesLength)} bytes again: it is refused again unless the topic's limit was raised since.`;
  return "A replay sends it again, once: it is refused again unless what refused it was mended since.";
};

const Facts = ({ facts }: { readonly facts: readonly (readonly [string, Child])[] }) => (
  <dl class="facts">
    {facts.map(([name, value]) => (
      <>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </>
    ))}
  </dl>
);

const Value = ({ text, what }: { readonly text: string | null; readonly what: string }) => (
  <>
    <Shown text={text} /> <Copy text={text} what={what} />
  </>
);

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
        <Moment ms={letter.createdAtMs} /> Died of {letter.code}: <Shown text={letter.detail} />
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
              <a href={`/dead-letters/${life.id}`}>Life {life.replay + 1}</a>, {life.status}: died of {life.code},{" "}
              <Moment ms={life.createdAtMs} />
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

const Actions = ({ letter, address, formToken, refused }: LetterProps) => {
  const decision = { letter, address, formToken };
  return (
    <section class="decide" aria-label="Decide">
      {refused === null ? null : (
        <p class="notice bad" role="alert">
          {refused.problem}
        </p>
      )}
      {letter.status === "replayed" ? <p>It was replayed. If it died again it has a new letter, above.</p> : null}
      {letter.status === "waiting" ? (
        <>
          <p>{prospectOf(letter)}</p>
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

const Neighbours = ({ beside, address }: Pick<LetterProps, "beside" | "address">) => (
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
        <Story letter={letter} />
        <Content {...props} />
      </div>
      <h3>What is known of it</h3>
      <Facts
        facts={[
          ["Type", <Value text={letter.type} what="the type" />],
          ["Source", <Value text={letter.source} what="the source" />],
          ["Id", <Value text={letter.eventId} what="the id" />],
          ["Key", <Value text={letter.partitionKey} what="the key" />],
          ["Topic", <Shown text={letter.topic} />],
          ["Size", `${countOf(letter.bytesLength)} bytes (${bytesOf(letter.bytesLength)})`],
          [
            "Life",
            `${letter.replay + 1}, after ${countOf(letter.attempts)} ${letter.attempts === 1 ? "attempt" : "attempts"} to publish it`,
          ],
          [
            "Shard, entry, place",
            `${letter.shard}, ${letter.entry}, ${letter.index < 0 ? "a whole chunk" : letter.index}`,
          ],
          ["traceparent", <Value text={letter.traceparent} what="the traceparent" />],
          ["tracestate", <Shown text={letter.tracestate} />],
        ]}
      />
    </article>
  );
};
