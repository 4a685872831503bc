/** @jsxRuntime automatic @jsxImportSource hono/jsx */

/** What cannot be seen, or changes how the rest is seen: controls, bidi and zero-width marks, separators, what is no character. */
const unseen = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}])/u;
/** Besides a newline and a tab, which a body may have. */
const unseenInText = /((?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}])/u;

const nameOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

const ESCAPED: Readonly<Record<string, number>> = { "&": 5, "<": 4, ">": 4, '"': 6, "'": 5 };
/** Of `<span class="mark">U+202E</span>`. */
const MARK_BYTES = 34;

/** What a character takes in the page. */
const costOf = (character: string, hidden: RegExp): number => {
  if (hidden.test(character)) return MARK_BYTES;
  const code = character.codePointAt(0) ?? 0;
  return ESCAPED[character] ?? (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
};

/** The beginning of a text that takes so many bytes of the page at most, whatever is in it. Looks no further. */
const beginningOf = (text: string, max: number, hidden: RegExp): string => {
  let bytes = 0;
  let length = 0;
  for (const character of text) {
    bytes += costOf(character, hidden);
    if (bytes > max) return text.slice(0, length);
    length += character.length;
  }
  return text;
};

/** For an attribute, which has no place for marks: what cannot be seen is left out, and the rest is short. */
export const labelOf = (text: string): string => beginningOf(text.replace(new RegExp(unseen, "gu"), ""), 60, unseen);

type ShownProps = {
  /** Null is a dash. */
  readonly text: string | null;
  /** In bytes of the page, so that nobody's events make it large; what is longer ends with an ellipsis. */
  readonly max?: number;
  /** Newlines and tabs are what they are. */
  readonly lines?: boolean;
};

/** Text out of an event, inert: whatever could hide or turn letters is shown by its number, and nothing leaks into what follows. */
export const Shown = ({ text, max = 1_024, lines = false }: ShownProps) => {
  if (text === null) return <>–</>;
  const hidden = lines ? unseenInText : unseen;
  const cut = beginningOf(text, max, hidden);
  const parts = cut.split(hidden);
  return (
    <bdi>
      {parts.map((part, i) => (i % 2 === 0 ? part : <span class="mark">{nameOf(part)}</span>))}
      {cut === text ? "" : "…"}
    </bdi>
  );
};
