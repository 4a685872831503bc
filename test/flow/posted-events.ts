/* Events of every shape that CloudEvents has, and what of each must be in its record. */

export const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
export const TRACESTATE = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
const OF_REQUEST = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

export type Trace = { readonly traceparent?: string; readonly tracestate?: string };

export type PostedEvent = {
  readonly id: string;
  readonly body: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key: string | null;
  /** The record's value; `filled` is what the sender left to us, read from there. */
  readonly value: string | ((filled: { readonly id: string; readonly time: string }) => string);
  readonly trace?: Trace;
};

export const textOf = (id: string, members: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ specversion: "1.0", id, source: "/s", type: "t", time: "2026-11-21T00:00:00Z", ...members });

type More = { readonly key?: string; readonly trace?: Trace; readonly headers?: Readonly<Record<string, string>> };

/** One that has all that it must have: its bytes are the value. */
const whole = (id: string, text: string, { key, ...more }: More = {}): PostedEvent => ({
  id,
  body: text,
  value: text,
  key: key ?? null,
  ...more,
});

const everyAttribute = {
  subject: "not the key",
  partitionkey: "Zoë/漢字 🦊",
  dataschema: "https://example.com/schema?v=1#a",
  datacontenttype: "application/json; charset=utf-8",
  comexampleflag: true,
  comexamplecount: -7,
  comexampletext: "",
  sequence: "0001",
  traceparent: TRACEPARENT,
  tracestate: TRACESTATE,
};

const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const base64 = Buffer.from(bytes).toString("base64");
const trace = { traceparent: TRACEPARENT, tracestate: TRACESTATE };
const ofRequest = { traceparent: OF_REQUEST, tracestate: "a=b" };
const json = { "content-type": "application/json" };

export const postedEvents: Readonly<Record<string, PostedEvent>> = {
  "has every attribute, extensions of each type, and spaces and numbers that a parser would change": whole(
    "every",
    ` ${textOf("every", everyAttribute).slice(0, -1)} ,\n"data":{"a":1e400,"b":9007199254740993,"a":-0.0}}\r\n`,
    { key: "Zoë/漢字 🦊", trace },
  ),
  "has a subject and no partition key": whole("subject", textOf("subject", { subject: "the key" }), { key: "the key" }),
  "has a partition key that is not set": whole(
    "unset",
    textOf("unset", { partitionkey: null, subject: "the key", traceparent: null }),
    { key: "the key" },
  ),
  "has no key, no data and no trace": whole("bare", textOf("bare")),
  "has null as its data": whole("null", textOf("null", { data: null })),
  "has text as its data": whole("text", textOf("text", { datacontenttype: "text/plain", data: "\u2028é" })),
  "has bytes as its data": whole("base64", textOf("base64", { datacontenttype: "image/png", data_base64: base64 })),
  "has a traceparent alone": whole("alone", textOf("alone", { traceparent: TRACEPARENT }), {
    trace: { traceparent: TRACEPARENT },
  }),
  "has a tracestate that is wrong": whole("wrong", textOf("wrong", { traceparent: TRACEPARENT, tracestate: "=," }), {
    trace: { traceparent: TRACEPARENT },
  }),
  "has a tracestate without a traceparent": whole("stateless", textOf("stateless", { tracestate: TRACESTATE })),
  "has the trace of its request": whole("request", textOf("request"), {
    headers: { ...json, ...ofRequest },
    trace: ofRequest,
  }),
  "has its own trace, not that of its request": whole("own", textOf("own", { traceparent: TRACEPARENT }), {
    headers: { ...json, ...ofRequest },
    trace: { traceparent: TRACEPARENT },
  }),
  "leaves to us what may be left": {
    id: "left",
    body: '{ "type":"t","comexampleid":"left","id":null}',
    key: null,
    value: ({ id, time }) =>
      `{"specversion":"1.0","source":"/test","time":"${time}", "type":"t","comexampleid":"left","id":"${id}"}`,
  },
  "is bytes in binary mode": {
    id: "binary",
    body: bytes,
    headers: {
      "content-type": "application/octet-stream",
      "ce-id": "binary",
      "ce-source": "/s",
      "ce-type": "t",
      "ce-specversion": "1.0",
      "ce-time": "2026-11-21T00:00:00Z",
      "ce-partitionkey": "Zo%C3%AB",
      "ce-traceparent": TRACEPARENT,
      traceparent: OF_REQUEST,
    },
    key: "Zoë",
    trace: { traceparent: TRACEPARENT },
    value:
      '{"id":"binary","partitionkey":"Zoë","source":"/s","specversion":"1.0","time":"2026-11-21T00:00:00Z",' +
      `"traceparent":"${TRACEPARENT}","type":"t","datacontenttype":"application/octet-stream","data_base64":"${base64}"}`,
  },
  "is JSON in binary mode": {
    id: "binary-json",
    body: ' {"a":1e400} ',
    headers: { ...json, "ce-id": "binary-json", "ce-source": "/s", "ce-type": "t", "ce-time": "2026-11-21T00:00:00Z" },
    key: null,
    value:
      '{"specversion":"1.0","id":"binary-json","source":"/s","time":"2026-11-21T00:00:00Z","type":"t",' +
      '"datacontenttype":"application/json","data": {"a":1e400} }',
  },
};
