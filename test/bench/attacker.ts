/*
 * Ten connections that send small requests which cost much, each as soon as it has its answer, and 120 that announce a
 * body of 4 MiB and hold it. Ends with the process that started it; prints what it was answered.
 */
import { gzipSync } from "node:zlib";
import { exchange } from "../support/connection.ts";

const [url = "", key = ""] = process.argv.slice(2);
const CONNECTIONS = 10;
const HELD = 120;
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
const chunks = `1\r\n[\r\n${"1\r\n \r\n".repeat(20_000)}1\r\n]\r\n0\r\n\r\n`;

const costly: readonly Uint8Array[] = [
  gzipped("\n".repeat(BODY_BYTES), "application/x-ndjson"),
  gzipped("\r\n".repeat(BODY_BYTES / 2), "application/x-ndjson"),
  gzipped("[".repeat(BODY_BYTES)),
  gzipped(`${"[".repeat(2_000_000)}${"]".repeat(2_000_000)}`),
  gzipped('{"a":'.repeat(800_000)),
  gzipped(`{${members(350_000, (n) => n.toString(36))},"events":[]}`),
  gzipped(`{"type":"t",${members(300_000, (n) => `a${n.toString(36)}`)}}`),
  gzipped(`[${"{},".repeat(1_000_000)}{}]`),
  gzipped(`{"type":"${"\\u0061".repeat(600_000)}"}`),
  Buffer.from(head("Content-Type: application/json", "Transfer-Encoding: chunked") + chunks),
];

const answers = new Map<number, number>();
const sendOn = async (connection: number): Promise<void> => {
  for (let at = connection; ; at++) {
    const exchanged = await exchange(url, [costly[at % costly.length] as Uint8Array], 1);
    const status = exchanged.answers[0]?.status ?? 0;
    answers.set(status, (answers.get(status) ?? 0) + 1);
  }
};
const hold = () => exchange(url, [`${head("Content-Type: application/json", `Content-Length: ${BODY_BYTES - 1}`)}{`]);

for (let i = 0; i < HELD; i++) void hold();
for (let i = 0; i < CONNECTIONS; i++) void sendOn(i);
for await (const _ of Bun.stdin.stream()) break;
console.log(JSON.stringify(Object.fromEntries(answers)));
process.exit(0);
