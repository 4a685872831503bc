/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { WholeLetter } from "@spillway/dead-letters";
import { RECEIVED_AT, RECORD_ENTRY, recordHeadersOf } from "@spillway/event";
import type { Child } from "hono/jsx";
import type { TopicLimit } from "../../sights/topic-limits.ts";
import { Copy } from "../copy.tsx";
import { bytesOf, countOf, manyOf } from "../format.ts";
import { Shown } from "../shown.tsx";
import { Unknown } from "../state.tsx";
import { Table } from "../table.tsx";
import { ADDRESS_LENGTH_MAX, type FieldName, queryString } from "./query.ts";

type FactsProps = { readonly letter: WholeLetter; readonly limit: TopicLimit };

const Value = ({ text, what }: { readonly text: string | null; readonly what: string }) => (
  <>
    <Shown text={text} /> <Copy text={text} what={what} />
  </>
);

const sized = (bytes: number): string =>
  bytes < 1024 ? manyOf(bytes, "byte") : `${countOf(bytes)} bytes (${bytesOf(bytes)})`;

/** What other letters are alike in this. An address that is long stands in no page. */
const Alike = ({ name, text }: { readonly name: FieldName; readonly text: string | null }) => {
  const address = text === null ? "" : queryString({ status: "any", [name]: text });
  return address === "" || address.length > ADDRESS_LENGTH_MAX ? null : (
    <a href={`/dead-letters${address}`}>letters of this {name}</a>
  );
};

/** The event's size beside what its topic takes of a batch. */
const Size = ({ letter, limit }: FactsProps) => (
  <>
    {sized(letter.bytesLength)}.{" "}
    {letter.topic === null ? (
      "It was on its way to no topic."
    ) : limit.kind === "known" ? (
      <>
        <Shown text={letter.topic} /> takes {sized(limit.bytes)} at most: that is a whole batch, with its headers, as it
        is sent, compressed.
      </>
    ) : (
      <>
        What <Shown text={letter.topic} /> takes at most is <Unknown />: {limit.why}.
      </>
    )}
  </>
);

type Header = { readonly name: string; readonly had: string; readonly next: string };

/** Of the record that was refused, and of the one that a replay would send: made as the relay makes them. */
const headersOf = ({ shard, entry, index, replay, traceparent, tracestate }: WholeLetter): readonly Header[] => {
  const trace = tracestate === null ? { traceparent } : { traceparent, tracestate };
  const next = recordHeadersOf(trace, "its new place", replay + 1);
  return Object.entries(recordHeadersOf(trace, `${shard}/${entry}/${index}`, replay)).map(([name, had]) => ({
    name,
    had,
    next: next[name] ?? "",
  }));
};

const Headers = ({ letter }: Pick<FactsProps, "letter">) => (
  <section>
    {letter.index < 0 ? (
      <>
        <h3>The headers of its record</h3>
        <p>
          No record was made of it: it is the whole entry {letter.entry} of shard {letter.shard}, and no event could be
          read out of it.
        </p>
      </>
    ) : (
      <>
        <Table
          class="rows"
          caption="The headers of its record, as what is kept of the letter tells them"
          columns={{ Header: "text", "As it was refused": "text", "Of a replay": "text" }}
          rows={headersOf(letter)}
          line={({ name, had, next }) => (
            <tr>
              <th scope="row" data-label="Header">
                <code>{name}</code>
              </th>
              <td data-label="As it was refused">
                <Value text={had} what={name} />
              </td>
              <td data-label="Of a replay">{next === had ? "the same" : <Shown text={next} />}</td>
            </tr>
          )}
        />
        <p class="hint">
          <code>{RECORD_ENTRY}</code> is shard, entry and index in it. A record whose time is not that of its ingest has{" "}
          <code>{RECEIVED_AT}</code>, too. Its key is the event's.
        </p>
      </>
    )}
  </section>
);

const Rows = ({ facts }: { readonly facts: readonly (readonly [string, Child])[] }) => (
  <dl class="facts">
    {facts.map(([name, value]) => (
      <>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </>
    ))}
  </dl>
);

const LIKE: readonly (readonly [label: string, name: FieldName, textOf: (letter: WholeLetter) => string | null])[] = [
  ["Type", "type", ({ type }) => type],
  ["Source", "source", ({ source }) => source],
  ["Id", "id", ({ eventId }) => eventId],
  ["Key", "key", ({ partitionKey }) => partitionKey],
  ["Topic", "topic", ({ topic }) => topic],
];

/** What is kept of a letter besides its bytes and its story. Everything of the event's is hostile. */
export const Facts = ({ letter, limit }: FactsProps) => (
  <>
    <h3>What is known of it</h3>
    <Rows
      facts={[
        ["Size", <Size letter={letter} limit={limit} />],
        ...LIKE.map(([label, name, textOf]): readonly [string, Child] => [
          label,
          <>
            <Value text={textOf(letter)} what={`the ${name}`} /> <Alike name={name} text={textOf(letter)} />
          </>,
        ]),
        ["Life", `${letter.replay + 1}, after ${manyOf(letter.attempts, "attempt")} to publish it`],
        ["Dedup key", <Value text={letter.identity} what="the dedup key" />],
      ]}
    />
    <Headers letter={letter} />
  </>
);
