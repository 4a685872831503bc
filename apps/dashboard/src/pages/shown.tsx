/** @jsxRuntime automatic @jsxImportSource hono/jsx */

/** What cannot be seen, or changes how the rest is seen: controls, bidi and zero-width marks, separators, what is no character. */
const unseen = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}])/u;
/** Besides a newline and a tab, which a body may have. */
const unseenInText = /((?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}])/u;

const nameOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

type ShownProps = {
  /** Null is a dash. */
  readonly text: string | null;
  /** In UTF-16 units; what is longer ends with an ellipsis. */
  readonly max?: number;
  /** Newlines and tabs are what they are. */
  readonly lines?: boolean;
};

/** Text out of an event, inert: whatever could hide or turn letters is shown by its number, and nothing leaks into what follows. */
export const Shown = ({ text, max = 1_024, lines = false }: ShownProps) => {
  if (text === null) return <>–</>;
  const cut = text.length > max ? text.slice(0, max).replace(/[\uD800-\uDBFF]$/, "") : text;
  const parts = cut.split(lines ? unseenInText : unseen);
  return (
    <bdi>
      {parts.map((part, i) => (i % 2 === 0 ? part : <span class="mark">{nameOf(part)}</span>))}
      {cut === text ? "" : "…"}
    </bdi>
  );
};
