import { KEY } from "../support/world.ts";

const LARGE_BYTES = 6_000_000;
const HUGE_BYTES = 9_000_000;

const head = (lines: readonly string[]): string => `${lines.join("\r\n")}\r\n\r\n`;
const post = (path: string, ...headers: readonly string[]): string =>
  head([`POST ${path} HTTP/1.1`, "Host: edge", `Authorization: Bearer ${KEY}`, ...headers]);
const json = "Content-Type: application/json";
const sized = (body: string, ...headers: readonly string[]): string =>
  post("/v1/events", `Content-Length: ${body.length}`, ...headers) + body;
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

const goodRequest = (id: string): string => sized(`{"type":"t","source":"/s","id":"${id}"}`, json);

/** What is refused, as bytes on a connection that is kept. */
export const refusals: readonly (readonly [name: string, status: number, bytes: () => string])[] = [
  ["a Host that is none", 400, () => head(["GET /livez HTTP/1.1", "Host: a b"])],
  ["no key", 401, () => goodRequest("x").replace(KEY, "wrong")],
  ["another path", 404, () => goodRequest("x").replace("/v1/events", "/nothing")],
  ["another method", 405, () => head(["GET /v1/events HTTP/1.1", "Host: edge"])],
  ["another media type", 415, () => sized("<a/>", "Content-Type: text/xml")],
  ["no JSON", 400, () => sized("{", json)],
  ["no event", 422, () => sized('{"type":7}', json)],
  ["damaged gzip", 400, () => sized("\x1f\x8b\x08 no", json, "Content-Encoding: gzip")],
  ["a body that is too large", 413, () => sized("x".repeat(LARGE_BYTES), json)],
  [
    "one of which too much is announced to be taken off",
    413,
    () => post("/v1/events", `Content-Length: ${HUGE_BYTES}`, json),
  ],
  [
    "one in chunks that is too large",
    413,
    () => {
      const chunks = Array.from({ length: LARGE_BYTES / 100_000 }, () => chunk("x".repeat(100_000)));
      return `${post("/v1/events", "Transfer-Encoding: chunked", json)}${chunks.join("")}0\r\n\r\n`;
    },
  ],
  ["a large body without a key", 401, () => sized("x".repeat(LARGE_BYTES), json).replace(KEY, "wrong")],
];
