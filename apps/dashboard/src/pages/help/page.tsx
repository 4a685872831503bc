/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { troubles } from "./troubles.ts";
import { type Row, withNext, words } from "./words.tsx";

const KEYS = [
  ["/", "search an event or a letter, on every page: by the event's id, its dedup key, or the letter's number"],
  ["f", "filter the dead letters, on their pages"],
  ["?", "this page"],
  ["j and k", "next and previous row"],
  ["x", "mark the row"],
  ["Enter", "open the row"],
] as const;

type TermsProps = { readonly title: string; readonly rows: readonly (Row & { readonly id?: string })[] };

const Terms = ({ title, rows }: TermsProps) => (
  <section>
    <h2>{title}</h2>
    <dl class="help">
      {rows.map(({ id, term, means }) => (
        <div id={id}>
          <dt>{term}</dt>
          <dd>{means}</dd>
        </div>
      ))}
    </dl>
  </section>
);

/** Each can be led to: `/help#kafka`. */
const troubleRows = Object.entries(troubles).map(([kind, { what, means, next }]) => ({
  id: kind,
  ...withNext(what, means, next),
}));

const [levels, ...others] = words;

/** Every state, and what to do. */
export const HelpPage = () => (
  <>
    <Terms title="Keys" rows={KEYS.map(([key, means]) => ({ term: <kbd>{key}</kbd>, means }))} />
    {levels === undefined ? null : <Terms {...levels} />}
    <Terms title="What can be wrong, and what to do" rows={troubleRows} />
    {others.map((part) => (
      <Terms {...part} />
    ))}
  </>
);
