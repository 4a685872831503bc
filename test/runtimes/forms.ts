import { gzipSync } from "node:zlib";

export type Sent = {
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
};

/** A way in which events come. `request`: of the first `stored` of two ids. */
export type Form = {
  readonly name: string;
  readonly stored: 1 | 2;
  readonly status: 202 | 207;
  readonly request: (ids: readonly [string, string]) => Sent;
};

const type = (contentType: string) => ({ "content-type": contentType });
const json = type("application/json");
const gzip = { ...json, "content-encoding": "gzip" };

/** A number that no reader of ours may touch: bytes in are bytes out. */
export const eventOf = (id: string): string =>
  `{"specversion":"1.0","type":"t","source":"/s","time":"2026-01-01T00:00:00Z","id":"${id}","data":{"n":1e400}}`;
const arrayOf = (ids: readonly string[]): string => `[${ids.map(eventOf).join()}]`;

const one = (name: string, request: (id: string) => Sent): Form => ({
  name,
  stored: 1,
  status: 202,
  request: ([id]) => request(id),
});
const two = (name: string, request: (ids: readonly string[]) => Sent): Form => ({
  name,
  stored: 2,
  status: 202,
  request,
});

export const forms: readonly Form[] = [
  one("an event", (id) => ({ headers: json, body: eventOf(id) })),
  one("structured", (id) => ({ headers: type("application/cloudevents+json"), body: eventOf(id) })),
  one("binary", (id) => ({
    headers: { ...type("text/xml"), "ce-specversion": "1.0", "ce-type": "t", "ce-source": "/s", "ce-id": id },
    body: "<a/>",
  })),
  one("gzip", (id) => ({ headers: gzip, body: gzipSync(eventOf(id)) })),
  two("an array", (ids) => ({ headers: json, body: arrayOf(ids) })),
  two("an array on /v1/batch", (ids) => ({ path: "/v1/batch", headers: json, body: arrayOf(ids) })),
  two("an object of events", (ids) => ({ headers: json, body: `{"events":${arrayOf(ids)}}` })),
  two("NDJSON", (ids) => ({
    headers: type("application/x-ndjson"),
    body: ids.map((id) => `${eventOf(id)}\n`).join(""),
  })),
  two("the batch format", (ids) => ({ headers: type("application/cloudevents-batch+json"), body: arrayOf(ids) })),
  two("an array, gzip", (ids) => ({ headers: gzip, body: gzipSync(arrayOf(ids)) })),
  {
    name: "an array of which one is wrong",
    stored: 1,
    status: 207,
    request: ([id]) => ({ headers: json, body: `[${eventOf(id)},{"type":7}]` }),
  },
];
