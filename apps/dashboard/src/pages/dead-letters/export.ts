import type { ExportedLetter } from "@spillway/dead-letters";

export const FORMATS = ["jsonl", "csv"] as const;
export type Format = (typeof FORMATS)[number];

/** One download ends after so many letters; a filter by time goes on. */
export const EXPORT_LETTERS_MAX = 100_000;

const MASK = "•••";

const textOf = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Bytes that are no text are exported in base64.
    return null;
  }
};

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** What identifies people in many events: its bytes, key, source and id. */
const contentOf = (letter: ExportedLetter, isMasked: boolean) => {
  if (isMasked) return { source: MASK, id: MASK, key: MASK };
  const { source, eventId, partitionKey, bytes } = letter;
  const text = textOf(bytes);
  const body = text === null ? { body_base64: Buffer.from(bytes).toString("base64") } : { body: text };
  return { source, id: eventId, key: partitionKey, ...body };
};

const fieldsOf = (letter: ExportedLetter, isMasked: boolean) => ({
  letter: letter.id,
  status: letter.status,
  class: letter.deadLetterClass,
  code: letter.code,
  detail: letter.detail,
  topic: letter.topic,
  type: letter.type,
  bytes: letter.bytesLength,
  attempts: letter.attempts,
  replay: letter.replay,
  received: timeOf(letter.receivedAtMs),
  first_failed: timeOf(letter.firstFailedAtMs),
  died: timeOf(letter.createdAtMs),
  replayed: timeOf(letter.replayedAtMs),
  discarded: timeOf(letter.discardedAtMs),
  discard_reason: letter.discardReason,
  traceparent: letter.traceparent,
  ...contentOf(letter, isMasked),
});

const COLUMNS = [
  "letter",
  "status",
  "class",
  "code",
  "detail",
  "topic",
  "type",
  "bytes",
  "attempts",
  "replay",
  "received",
  "first_failed",
  "died",
  "replayed",
  "discarded",
  "discard_reason",
  "traceparent",
  "source",
  "id",
  "key",
  "body",
  "body_base64",
];

/** As RFC 4180 quotes it. What a spreadsheet would take for a formula begins with an apostrophe. */
export const cellOf = (value: string | number | null | undefined): string => {
  const text = value === null || value === undefined ? "" : String(value);
  const isFormula = typeof value === "string" && /^\s*[=+\-@\t\r\n＝＋－＠]/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** The lines of a download. */
export async function* exportLines(
  letters: AsyncIterable<ExportedLetter>,
  format: Format,
  isMasked: boolean,
): AsyncGenerator<string> {
  if (format === "csv") yield `${COLUMNS.join(",")}\r\n`;
  let left = EXPORT_LETTERS_MAX;
  for await (const letter of letters) {
    const fields: Readonly<Record<string, string | number | null | undefined>> = fieldsOf(letter, isMasked);
    yield format === "csv"
      ? `${COLUMNS.map((name) => cellOf(fields[name])).join(",")}\r\n`
      : `${JSON.stringify(fields)}\n`;
    if (--left === 0) return;
  }
}
