/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { CLASSES, type FieldName, type Query, STATUSES } from "./query.ts";

const Choice = ({ name, words, value }: { name: FieldName; words: readonly string[]; value: string | undefined }) => (
  <label>
    {name}{" "}
    <select name={name}>
      {name === "status" ? null : <option value="">any</option>}
      {words.map((word) => (
        <option value={word} selected={word === (value ?? (name === "status" ? "waiting" : ""))}>
          {word}
        </option>
      ))}
    </select>
  </label>
);

const TEXTS: readonly (readonly [name: FieldName, hint: string])[] = [
  ["code", "message_too_large"],
  ["topic", ""],
  ["type", "invoice.created"],
  ["key", ""],
  ["source", ""],
  ["id", "of the event"],
  ["since", "2h, 2026-11-30 02:14"],
  ["until", ""],
];

/** Writes the address: every page of letters has one that can be kept and sent. */
export const FilterForm = ({ query: { fields, problems } }: { readonly query: Query }) => (
  <search aria-label="Dead letters">
    <form class="filter" method="get" action="/dead-letters">
      {problems.map((problem) => (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      ))}
      <label class="wide">
        search{" "}
        <input name="q" type="search" data-key="f" value={fields.q} placeholder="in detail, type, source, id and key" />
      </label>
      <Choice name="status" words={STATUSES} value={fields.status} />
      <details open={Object.keys(fields).some((name) => name !== "q" && name !== "status")}>
        <summary>More to find by</summary>
        <div class="filter">
          <Choice name="class" words={CLASSES} value={fields.class} />
          {TEXTS.map(([name, hint]) => (
            <label>
              {name} <input name={name} value={fields[name]} placeholder={hint} />
            </label>
          ))}
          {fields.no === undefined ? null : (
            <label>
              without <input name="no" value={fields.no} />
            </label>
          )}
        </div>
      </details>
      <button type="submit">Find</button>
      <a href="/dead-letters">All groups</a>
    </form>
  </search>
);
