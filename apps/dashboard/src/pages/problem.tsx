/** @jsxRuntime automatic @jsxImportSource hono/jsx */

export type Typed = { readonly action: string; readonly fields: readonly (readonly [name: string, value: string])[] };

type ProblemProps = {
  readonly text: string;
  /** The form that was refused, to be sent again; null: there is none. */
  readonly typed: Typed | null;
  /** Null: nobody is logged in, so that what was typed can be copied only. */
  readonly formToken: string | null;
};

const Again = ({ typed: { action, fields }, formToken }: { readonly typed: Typed; readonly formToken: string }) => (
  <form method="post" action={action} class="again">
    <input type="hidden" name="form_token" value={formToken} />
    {fields.map(([name, value]) => (
      <label>
        {name.replaceAll("_", " ")} <input name={name} value={value} />
      </label>
    ))}
    <button type="submit">Send it again</button>
  </form>
);

/** A refusal, with what was typed, so that nobody has to think of it again. */
export const Problem = ({ text, typed, formToken }: ProblemProps) => (
  <>
    <p class="notice bad" role="alert">
      {text}
    </p>
    {typed === null || typed.fields.length === 0 ? null : (
      <section>
        <h2>What you sent</h2>
        {formToken === null ? (
          <dl>
            {typed.fields.map(([name, value]) => (
              <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        ) : (
          <Again typed={typed} formToken={formToken} />
        )}
      </section>
    )}
  </>
);
