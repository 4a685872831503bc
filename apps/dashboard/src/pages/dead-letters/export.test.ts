import type { ExportedLetter } from "@spillway/dead-letters";
import { expect, test } from "vitest";
import { cellOf, exportLines, type Format } from "./export.ts";

const letter: ExportedLetter = {
  id: "7",
  status: "waiting",
  deadLetterClass: "oversize",
  code: "message_too_large",
  detail: '=cmd|"/C calc"!A0',
  topic: "events",
  type: "a,b",
  source: "/s",
  eventId: "e-7",
  partitionKey: "secret key",
  shard: 0,
  entry: "1-0",
  index: 0,
  replay: 0,
  attempts: 1,
  discardReason: null,
  bytesLength: 9,
  receivedAtMs: null,
  firstFailedAtMs: 0,
  createdAtMs: 0,
  replayedAtMs: null,
  discardedAtMs: null,
  bytes: new TextEncoder().encode('{"n":12345678901234567890}'),
  identity: null,
  traceparent: null,
  tracestate: null,
};

async function* all(...letters: ExportedLetter[]) {
  yield* letters;
}
const exported = async (format: Format, isMasked: boolean, ...letters: ExportedLetter[]) => {
  let text = "";
  for await (const line of exportLines(all(...letters), format, isMasked)) text += line;
  return text;
};

test.each([
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\t=1", "'\t=1"],
  [" =1", "' =1"],
  ["＝1", "'＝1"],
  ['=a"b', '"\'=a""b"'],
  ["\r=1", '"\'\r=1"'],
  ["a=1", "a=1"],
  ["a,b", '"a,b"'],
  [-1, "-1"],
  [null, ""],
])("the cell %j is no formula", (value, cell) => {
  expect(cellOf(value)).toBe(cell);
});

test("a line of JSON has the body as it was sent, or in base64 where it is no text", async () => {
  const [first, second] = (await exported("jsonl", false, letter, { ...letter, bytes: Uint8Array.of(255) }))
    .trim()
    .split("\n");
  expect(JSON.parse(first ?? "")).toMatchObject({ letter: "7", key: "secret key", body: '{"n":12345678901234567890}' });
  expect(JSON.parse(second ?? "")).toMatchObject({ body_base64: "/w==" });
});

test("masked, nothing of the event's own is in it", async () => {
  for (const format of ["jsonl", "csv"] as const) {
    const text = await exported(format, true, letter);
    expect(text).toContain("message_too_large");
    for (const own of ["secret key", "e-7", "12345678901234567890", "/s"]) expect(text).not.toContain(own);
  }
});

test("a table has a head and a row for each", async () => {
  const lines = (await exported("csv", false, letter)).trim().split("\r\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(`"'=cmd|""/C calc""!A0",events,"a,b"`);
});
