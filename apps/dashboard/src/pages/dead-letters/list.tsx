/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { LetterPage, LetterSummary } from "@spillway/dead-letters";
import { Deciding, type DecidingToken } from "../deciding.tsx";
import { bytesOf, countOf } from "../format.ts";
import { Shown } from "../shown.tsx";
import { Table } from "../table.tsx";
import { Ago } from "../time.tsx";
import { Decide } from "./decide.tsx";
import { ADDRESS_LENGTH_MAX, type Query, queryString } from "./query.ts";

/** With the longest texts and the longest filter a page has 60 KB. */
export const PAGE_ROWS = 35;

type ListProps = {
  readonly query: Query;
  readonly found: LetterPage | null;
  /** The address of this very page, where an action leads back to. */
  readonly here: string;
  readonly formToken: DecidingToken;
  readonly nowMs: number;
};

const letterLine = (letter: LetterSummary, address: string, nowMs: number, formToken: DecidingToken) => (
  <tr id={`letter-${letter.id}`} data-row tabindex={-1}>
    <th scope="row">
      {formToken !== null && letter.status === "waiting" ? (
        <input type="checkbox" name={`letter-${letter.id}`} aria-label={`Mark letter ${letter.id}`} />
      ) : null}
      <a href={`/dead-letters/${letter.id}${address}`}>
        <Shown text={letter.code} max={60} />
      </a>{" "}
      <span class="tag">{letter.deadLetterClass}</span>
      {letter.status === "waiting" ? null : <span class="tag">{letter.status}</span>}
      <p class="detail">
        <Shown text={letter.detail} max={120} />
      </p>
    </th>
    <td data-name="Event">
      <Shown text={letter.type} max={60} />
      <p class="detail">
        <Shown text={letter.source} max={45} /> · <Shown text={letter.eventId} max={45} />
      </p>
    </td>
    <td data-name="Key">
      <Shown text={letter.partitionKey} max={45} />
    </td>
    <td class="number" data-name="Size">
      {bytesOf(letter.bytesLength)}
      {letter.replay > 0 ? <span class="tag">life {letter.replay + 1}</span> : null}
    </td>
    <td class="number" data-name="Died">
      <Ago ms={letter.createdAtMs} nowMs={nowMs} />
    </td>
    {formToken === null ? null : (
      <td>
        {letter.status === "waiting" ? (
          <button
            type="submit"
            formaction={`/dead-letters/${letter.id}/replay`}
            aria-label={`Replay letter ${letter.id}`}
          >
            Replay
          </button>
        ) : null}
      </td>
    )}
  </tr>
);

const Paging = ({ query, found }: { readonly query: Query; readonly found: LetterPage }) => (
  <nav class="paging" aria-label="Letters">
    {found.newer === null ? null : (
      <a rel="prev" href={`/dead-letters${queryString(query.fields, { after: found.newer })}`}>
        Newer
      </a>
    )}
    {found.older === null ? null : (
      <a rel="next" href={`/dead-letters${queryString(query.fields, { before: found.older })}`}>
        {found.searched === null ? "Older" : "Look further back"}
      </a>
    )}
  </nav>
);

const Letters = ({ query, found, formToken, nowMs }: Omit<ListProps, "here">) => {
  const address = queryString(query.fields);
  const shown = address.length > ADDRESS_LENGTH_MAX ? "" : address;
  return (
    <Table
      class="letters"
      caption="Dead letters, the newest first"
      columns={{
        Error: "text",
        Event: "text",
        Key: "text",
        Size: "number",
        Died: "number",
        ...(formToken === null ? {} : { Action: "text" as const }),
      }}
      rows={found?.letters ?? null}
      none={query.problems.length > 0 ? "What is asked for cannot be read." : "No dead letter is like that."}
      line={(letter) => letterLine(letter, shown, nowMs, formToken)}
    />
  );
};

/** What is done to the letters of this page that were marked. */
const Marked = () => (
  <p class="marked">
    <button type="submit" formaction="/dead-letters/marked/replay">
      Replay the marked letters
    </button>
    <label>
      Reason <input name="reason" maxlength={500} />
    </label>
    <button type="submit" formaction="/dead-letters/marked/discard">
      Discard the marked letters
    </button>
  </p>
);

/** A page of the letters that a filter lets through. */
export const List = (props: ListProps) => {
  const { query, found, here, formToken } = props;
  return (
    <section>
      {formToken === null ? (
        <Letters {...props} />
      ) : (
        <Deciding formToken={formToken}>
          <input type="hidden" name="back" value={here} />
          <Letters {...props} />
          {found?.letters.some(({ status }) => status === "waiting") ? <Marked /> : null}
        </Deciding>
      )}
      {found === null || found.searched === null ? null : (
        <p class="hint">
          {countOf(found.searched)} letters were looked through, and {countOf(found.letters.length)} of them are like
          that.
        </p>
      )}
      {found === null ? null : <Paging query={query} found={found} />}
      {(query.fields.status ?? "waiting") !== "waiting" || !found?.letters.length ? null : (
        <p>
          <Decide
            planOf={(kind) => `/jobs/new${queryString(query.fields, { kind })}`}
            count="all"
            about="what the filter finds"
            formToken={formToken}
          />
        </p>
      )}
      <p class="hint">
        Download what the filter finds, the newest 100,000 at most:{" "}
        <a href={`/dead-letters/export${queryString(query.fields, { format: "jsonl" })}`}>JSON lines</a>,{" "}
        <a href={`/dead-letters/export${queryString(query.fields, { format: "csv" })}`}>CSV</a>; masked, without bodies,
        keys, sources and ids:{" "}
        <a href={`/dead-letters/export${queryString(query.fields, { format: "jsonl", mask: "1" })}`}>JSON lines</a>,{" "}
        <a href={`/dead-letters/export${queryString(query.fields, { format: "csv", mask: "1" })}`}>CSV</a>.
      </p>
    </section>
  );
};
