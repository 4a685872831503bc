import { mediaTypesOf } from "../media-type.ts";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { limitRowsOf, type PublicLimits } from "./limits.ts";

/** Nothing on the page comes from outside but the origin, which has a form: nothing has to be escaped but what is written here. */
export const docsStyle = `
:root { color-scheme: light dark; color: light-dark(#1a1a1a, #e8e8e8); background: light-dark(#fff, #161616); font: 16px/1.55 system-ui, sans-serif; }
body { max-width: 52rem; margin: 3rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
pre { padding: 0.9rem 1rem; overflow-x: auto; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 6px; }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; overflow-wrap: anywhere; }
a { color: light-dark(#0b57d0, #8ab4f8); }
p, li { overflow-wrap: anywhere; }
pre:focus-visible { outline: 2px solid Highlight; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.9rem 0.4rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
tr:target { background: color-mix(in srgb, Highlight 25%, transparent); }
`;

const paths = Object.entries(routes).map(
  ([path, { method, summary }]) => [`${method} ${path}`, `${summary}.`] as const,
);

const statuses: readonly (readonly [string, string])[] = [
  ["202", "Every event is on disk."],
  ["207", "Some are on disk; <code>errors</code> names each of the others, by its index."],
  [
    "4xx",
    "Nothing is stored, and sending the same again will not help. <code>408</code> and <code>429</code> are the exceptions.",
  ],
  ["429, 503", "Nothing is confirmed. Send again after <code>Retry-After</code> seconds, with the same ids."],
];

const rows = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, meaning]) => `<tr><td><code>${name}</code></td><td>${meaning}</td></tr>`).join("");

const codeRows = (): string =>
  Object.entries(problems)
    .map(
      ([code, { status, title, retryable }]) =>
        `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td><td>${retryable ? "yes" : "no"}</td></tr>`,
    )
    .join("");

const limitRows = (limits: PublicLimits): string =>
  rows(limitRowsOf(limits).map(({ name, value, meaning }) => [name, `${value} ${meaning}`] as const));

export const single = (origin: string): string => `curl -i ${origin}/v1/events \\
  -H "Authorization: Bearer $API_KEY" -H "Content-Type: application/json" \\
  -d '{"type":"order.created","subject":"order-17","data":{"total":12.5}}'`;

const batch = (origin: string): string => `curl -i ${origin}/v1/batch \\
  -H "Authorization: Bearer $API_KEY" -H "Content-Type: application/x-ndjson" \\
  --data-binary $'{"type":"a","id":"1"}\\n{"type":"a","id":"2"}\\n'`;

const page = (origin: string): string => `const target = "${origin}/v1/events?key=pk_…";
const body = JSON.stringify([{ type: "page.left", id: crypto.randomUUID() }]);
fetch(target, { method: "POST", body, keepalive: true });   // or
navigator.sendBeacon(target, body);`;

const schema = (origin: string): string => `curl -i ${origin}/v1/schemas \\
  -H "Authorization: Bearer $API_KEY" -H "Content-Type: application/json" \\
  -d '{"type":"order.created","mode":"enforce","schema":
    {"properties":{"total":{"type":"number"}},"required":["total"]}}'`;

const lookup = (origin: string): string =>
  `curl -i "${origin}/v1/events/order-17?source=/shop" -H "Authorization: Bearer $API_KEY"`;

/** What stands in an example where we do not know how we were reached; the page says what it is. */
export const UNKNOWN_ORIGIN = "$EDGE_URL";
const originHint = `<code>${UNKNOWN_ORIGIN}</code> is where you reach this edge. `;

/** What is wider than the page is moved by keys, too. */
export const code = (text: string): string => `<pre tabindex="0">${text}</pre>`;

/** One page without scripts and without anything from elsewhere. */
export const docsPage = (limits: PublicLimits, origin: string | null): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Spillway edge</title><style>${docsStyle}</style></head><body><main>
<h1>Spillway edge</h1>
<p>Takes events over HTTP and answers when they are on disk.</p>
${code(single(origin ?? UNKNOWN_ORIGIN))}${code(batch(origin ?? UNKNOWN_ORIGIN))}
<p>${origin === null ? originHint : ""}<code>$API_KEY</code> is a key that the edge knows, from <code>API_KEYS</code> in its environment, without the name in front
(<code>npm start</code> writes one to <code>.spillway/dev.env</code>). Ask who runs this edge for yours. Such a key is a secret, for servers.
An event without a <code>source</code> has that of its key; a key to which sources are bound
(<code>API_KEY_SOURCES</code>) sends those alone, and no other key sends them: <a href="#source_forbidden"><code>source_forbidden</code></a>.
A key may have a quota of events and bytes a second (<code>API_KEY_QUOTAS</code>); what is beyond it is <a href="#quota_exceeded"><code>quota_exceeded</code></a>,
and of a batch the first events are taken.</p>
<h2>Pages</h2>
<p>A page sends with a publishable key, <code>pk_…</code>, which everybody may read: it sends events of one source, from pages of its origins, within its quota,
and does nothing else. <code>fetch</code> sends as above; while the page goes away, so that nobody is asked first, send text with the key in the address:</p>
${code(page(origin ?? UNKNOWN_ORIGIN))}
<p>Each browser gives such requests 64 KiB together. Another origin is <a href="#origin_forbidden"><code>origin_forbidden</code></a>, and a secret key in an
address <a href="#key_in_address"><code>key_in_address</code></a>.</p>
<h2>Paths</h2><table>${rows(paths)}</table>
<h2>Events</h2>
<p>CloudEvents 1.0. Only <code>type</code> is required; <code>id</code>, <code>source</code>, <code>time</code> and
<code>specversion</code> are filled in. Events with one <code>partitionkey</code> (else <code>subject</code>) keep their order.
Two events of one key's name with one <code>source</code>, <code>id</code> and partition key are one event within the dedup window, ${limits.dedupWindowSeconds} s: the
second one is answered <code>duplicate</code> and not stored, whatever is in it. Your bytes are passed on as they are.
A request that is sent again with its <code>Idempotency-Key</code> is given its answer again, with <code>Idempotent-Replayed: true</code>, as far as this edge
remembers it; another one with that key is <a href="#idempotency_key_reused"><code>idempotency_key_reused</code></a>. Events without an id have the key as
theirs (in a batch with <code>/</code> and their index behind it), so every edge knows them.</p>
<p>Accepted content types: <code>${mediaTypesOf(false).join(", ")}</code>, and CloudEvents binary mode (<code>ce-</code> headers);
<code>/v1/batch</code> takes <code>${mediaTypesOf(true).join(", ")}</code>.</p>
<h2>Schemas</h2>
<p>A type of events may have a JSON Schema, in versions. Data that breaks it is refused (<a href="#schema_violation"><code>schema_violation</code></a>) where the
type's mode is <code>enforce</code>; under <code>warn</code> the event is stored, and its answer has <code>warnings</code>. The keys of <code>SCHEMA_KEYS</code>
register one, and a new version is refused unless what the one before took is taken (<a href="#incompatible_schema"><code>incompatible_schema</code></a>):</p>
${code(schema(origin ?? UNKNOWN_ORIGIN))}
<p>Tools of Kafka read them at <code>${origin ?? UNKNOWN_ORIGIN}</code> as from a Confluent Schema Registry, with a key as the password; a subject is a type.</p>
<h2>Answers</h2><table>${rows(statuses)}</table>
<p>With <code>Prefer: return=representation</code> a batch's answer has <code>events</code>: <code>id</code>, <code>status</code> and <code>tier</code> of each, in order.
What is wrong with a single event stands in <code>errors</code>, ten members at most; of a batch each event says the first.</p>
<h2>One event</h2>
<p>What became of an event that was answered, for keys of the name that posted it: it waits, was relayed to Kafka, or died and of what.
<a href="#event_not_seen"><code>event_not_seen</code></a>: it has not come in within the dedup window, which is as long as is remembered.</p>
${code(lookup(origin ?? UNKNOWN_ORIGIN))}
<h2>Limits</h2>
<p>For machines at <code>GET /v1/limits</code>. A body may be compressed: <code>Content-Encoding: gzip</code>.</p><table>${limitRows(limits)}</table>
<h2>Codes</h2><table><tr><th>code</th><th>status</th><th>meaning</th><th>send again</th></tr>${codeRows()}</table>
</main></body></html>
`;
