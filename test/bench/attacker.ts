/*
 * Ten connections that send small requests which cost much, each as soon as it has its answer: of the kinds that are
 * named, or of all; and bodies of 4 MiB less a byte that are announced and held. Ends with the process that started it;
 * prints what it was answered.
 */
import { gzipSync } from "node:zlib";
import { exchange } from "../support/connection.ts";

const [url = "", key = "", heldText = "0", ...kinds] = process.argv.slice(2);
const CONNECTIONS = 10;
const BODY_BYTES = 4 * 1024 * 1024;

const head = (...headers: readonly string[]): string =>
  ["POST /v1/events HTTP/1.1", "Host: edge", `Authorization: Bearer ${key}`, ...headers, "", ""].join("\r\n");

const gzipped = (text: string, contentType = "application/json"): Uint8Array => {
  const body = gzipSync(text);
  const start = head(`Content-Type: ${contentType}`, "Content-Encoding: gzip", `Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(start), body]);
};

const members = (count: number, name: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `"${name(n)}":1`).join(",");

/** A body of so many white spaces in an array, each a chunk of its own. */
const inChunksOfOne = (bytes: number): Uint8Array =>
  Buffer.from(
    `${head("Content-Type: application/json", "Transfer-Encoding: chunked")}1\r\n[\r\n${"1\r\n \r\n".repeat(bytes)}1\r\n]\r\n0\r\n\r\n`,
  );

const costly: Readonly<Record<string, () => Uint8Array>> = {
  "line-feeds": () => gzipped("\n".repeat(BODY_BYTES), "application/x-ndjson"),
  "blank-lines": () => gzipped("\r\n".repeat(BODY_BYTES / 2), "application/x-ndjson"),
  "open-brackets": () => gzipped("[".repeat(BODY_BYTES)),
  "deep-brackets": () => gzipped(`${"[".repeat(2_000_000)}${"]".repeat(2_000_000)}`),
  "deep-members": () => gzipped('{"a":'.repeat(800_000)),
  "members-before-events": () => gzipped(`{${members(350_000, (n) => n.toString(36))},"events":[]}`),
  attributes: () => gzipped(`{"type":"t",${members(400_000, (n) => `a${n.toString(36)}`)}}`),
  "empty-events": () => gzipped(`[${"{},".repeat(1_000_000)}{}]`),
  "escaped-type": () => gzipped(`{"type":"${"\\u0061".repeat(600_000)}"}`),
  chunks: () => inChunksOfOne(20_000),
};
/** No part of the mix: an event of 1 MB, which is stored as any other; and 18 MB on the wire. */
const alone: Readonly<Record<string, () => Uint8Array>> = {
  "arrays-in-data": () => gzipped(`{"type":"t","data":[${"[],".repeat(340_000)}[]]}`),
  "million-chunks": () => inChunksOfOne(3 * 1024 * 1024),
};

const chosen = kinds.length > 0 ? kinds : Object.keys(costly);
const requests = chosen.map((kind) => {
  const request = costly[kind] ?? alone[kind];
  if (request === undefined)
    throw new Error(`no kind ${kind}; there are ${Object.keys({ ...costly, ...alone }).join(", ")}`);
  return request();
});

const answers = new Map<number, number>();
const sendOn = async (connection: number): Promise<void> => {
  for (let at = connection; ; at++) {
    const exchanged = await exchange(url, [requests[at % requests.length] as Uint8Array], 1);
    const status = exchanged.answers[0]?.status ?? 0;
    answers.set(status, (answers.get(status) ?? 0) + 1);
  }
};
const hold = () => exchange(url, [`${head("Content-Type: application/json", `Content-Length: ${BODY_BYTES - 1}`)}{`]);

console.log("ready");
for (let i = 0; i < Number(heldText); i++) void hold();
for (let i = 0; i < CONNECTIONS; i++) void sendOn(i);
for await (const _ of Bun.stdin.stream()) break;
console.log(JSON.stringify(Object.fromEntries(answers)));
process.exit(0);
