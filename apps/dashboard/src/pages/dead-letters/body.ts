/** How a letter's bytes are shown. */
export const VIEWS = ["pretty", "raw", "hex"] as const;
export type View = (typeof VIEWS)[number];

export type Body = {
  readonly view: View;
  readonly text: string;
  /** How many of the bytes are shown; the rest is in the download. */
  readonly bytesShown: number;
  /** What they are not, in words; null where they are what was asked for. */
  readonly note: string | null;
};

/** With its quotes escaped it takes half as much again, and a page has 60 KB. */
const TEXT_BYTES_MAX = 12 * 1024;
const HEX_BYTES_MAX = 4 * 1024;
/** Deeper lines are no further to the right: 8,000 brackets would be 32 MB of spaces. */
const INDENT_MAX = 24;
const PRETTY_LENGTH_MAX = 2 * TEXT_BYTES_MAX;

const strict = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Bytes that are no text are why they are shown as hex.
    return null;
  }
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // What is no JSON is shown as it is.
    return false;
  }
};

/** JSON with a line for each member. No number is read, so none is rounded: the tokens are those that were sent. */
export const indented = (json: string): string => {
  let text = "";
  let depth = 0;
  let last = "";
  const newline = () => `\n${"  ".repeat(Math.min(depth, INDENT_MAX))}`;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s"{}[\],:]+/gs)) {
    const isOpening = token === "{" || token === "[";
    const isClosing = token === "}" || token === "]";
    if (isClosing) depth--;
    const isEmpty = isClosing && (last === "{" || last === "[");
    if (text !== "" && !isEmpty && (isClosing || last === "{" || last === "[" || last === ",")) text += newline();
    text += token === ":" ? ": " : token;
    if (isOpening) depth++;
    last = token;
    if (text.length > PRETTY_LENGTH_MAX) return `${text.slice(0, PRETTY_LENGTH_MAX)}…`;
  }
  return text;
};

const hexLine = (bytes: Uint8Array, at: number): string => {
  const row = [...bytes.subarray(at, at + 16)];
  const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
  return `${at.toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${ascii}`;
};

const hexOf = (bytes: Uint8Array, note: string | null): Body => {
  const shown = bytes.subarray(0, HEX_BYTES_MAX);
  const lines = Array.from({ length: Math.ceil(shown.length / 16) }, (_, i) => hexLine(shown, i * 16));
  return { view: "hex", text: lines.join("\n"), bytesShown: shown.length, note };
};

/** The beginning of a letter's bytes as an operator asked for it, or as far as they are that. */
export const bodyOf = (bytes: Uint8Array, asked: View): Body => {
  if (asked === "hex") return hexOf(bytes, null);
  const whole = strict(bytes);
  if (whole === null) return hexOf(bytes, "The bytes are not UTF-8.");
  const shown = bytes.subarray(0, TEXT_BYTES_MAX);
  // With `stream` a character that the cut would tear is left out.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(shown, { stream: true });
  const raw = { view: "raw" as const, text, bytesShown: shown.length };
  if (asked === "raw") return { ...raw, note: null };
  if (!isJson(whole)) return { ...raw, note: "The bytes are not JSON." };
  return { view: "pretty", text: indented(text), bytesShown: shown.length, note: null };
};
