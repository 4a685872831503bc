import { NAME_LENGTH_MAX, nameFault, VALUE_LENGTH_MAX, valueFault } from "./attribute.ts";
import { knownNames, numberOf } from "./known-names.ts";
import { type TraceContext, traceContextOf } from "./trace-context.ts";

/** The context attributes of a CloudEvents 1.0 event that Spillway looks at; everything else stays in the bytes. */
export type Attributes = TraceContext & {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** The CloudEvents extension `partitionkey`, else `subject`, else null. Keeps order; becomes the Kafka record key. */
  readonly partitionKey: string | null;
};

/** What an event gets where its sender left it out; the trace context is the request's, and the event's own wins. */
export type Defaults = TraceContext & {
  /** From the API key. */
  readonly source: string;
  /** Time of ingest, ms since 1970. */
  readonly nowMs: number;
  /** For an event without an id: its index in a batch, or null for one that stands alone. */
  readonly newId: (index: number | null) => string;
};

/** Why an event is refused. `pointer` is a JSON pointer into the event. */
export type InvalidEvent = {
  readonly kind: "invalid";
  readonly id: string | null;
  readonly code: InvalidEventCode;
  readonly detail: string;
  readonly pointer: string;
};

/** Stable codes of the API. */
export type InvalidEventCode =
  | "invalid_json"
  | "invalid_encoding"
  | "not_an_object"
  | "missing_attribute"
  | "invalid_attribute"
  | "invalid_attribute_name"
  | "unsupported_specversion"
  | "conflicting_data"
  | "event_too_large"
  | "event_too_deep"
  | "too_many_members"
  | "duplicate_member"
  | "ambiguous_event";

export const invalid = (id: unknown, code: InvalidEventCode, name: string, detail: string): InvalidEvent => ({
  kind: "invalid",
  id: typeof id === "string" && id.length <= VALUE_LENGTH_MAX ? id : null,
  code,
  detail,
  pointer: name === "" ? "" : `/${name.slice(0, NAME_LENGTH_MAX).replaceAll("~", "~0").replaceAll("/", "~1")}`,
});

/** The members of an event, as names and values in turn; of a name that is known its number. */
export type Pairs = readonly unknown[];

/** What is looked at by name; `undefined` is what is not there. */
export type Members = { readonly [name in (typeof knownNames)[number]]: unknown };

const nameOf = (key: unknown): string => (typeof key === "number" ? (knownNames[key] as string) : (key as string));

const firstTwice = (names: readonly string[]): string | null => {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return null;
};

/** The members by name, and a name that stands twice. */
export const membersIn = (pairs: Pairs): { readonly members: Members; readonly duplicate: string | null } => {
  const values: unknown[] = knownNames.map(() => undefined);
  let others: string[] | null = null;
  let duplicate: string | null = null;
  for (let at = 0; at < pairs.length; at += 2) {
    const key = pairs[at];
    const number = typeof key === "number" ? key : numberOf(key as string);
    if (number < 0) {
      if (others === null) others = [key as string];
      else others.push(key as string);
      continue;
    }
    if (values[number] !== undefined) duplicate ??= nameOf(key);
    values[number] = pairs[at + 1];
  }
  if (others !== null && others.length > 1) duplicate ??= firstTwice(others);
  return { members: byName(values), duplicate };
};

/** One shape, however the members are ordered. In the order of `knownNames`. */
const byName = (values: readonly unknown[]): Members => ({
  type: values[0],
  id: values[1],
  source: values[2],
  specversion: values[3],
  time: values[4],
  subject: values[5],
  partitionkey: values[6],
  data: values[7],
  data_base64: values[8],
  traceparent: values[9],
  tracestate: values[10],
  events: values[11],
  datacontenttype: values[12],
  dataschema: values[13],
});

/** Beside other members, "events" says neither that this is an envelope nor that it is an event: one would be dropped. */
const withoutType = ({ id, events }: Members): InvalidEvent =>
  typeof events === "object" && events !== null
    ? invalid(id, "ambiguous_event", "events", 'an event needs "type"; an envelope has no member but "events"')
    : invalid(id, "missing_attribute", "type", '"type" is required');

/**
 * The first rule of CloudEvents 1.0 (relaxed: only `type` is required) that a parsed event breaks, or null. Null is what
 * its JSON format says for "not set", of every attribute and of `data_base64`; of `data` it is a value.
 */
export const faultInEvent = (event: Members, pairs: Pairs): InvalidEvent | null => {
  const { id } = event;
  if ((event.type ?? null) === null) return withoutType(event);
  if ((event.specversion ?? "1.0") !== "1.0")
    return invalid(id, "unsupported_specversion", "specversion", 'must be "1.0"');
  if (event.data !== undefined && (event.data_base64 ?? null) !== null)
    return invalid(id, "conflicting_data", "data_base64", '"data" and "data_base64" exclude each other');
  for (let at = 0; at < pairs.length; at += 2) {
    const name = nameOf(pairs[at]);
    const badName = typeof pairs[at] === "number" ? null : nameFault(name);
    if (badName !== null) return invalid(id, "invalid_attribute_name", name, badName);
    const badValue = valueFault(name, pairs[at + 1]);
    if (badValue !== null) return invalid(id, "invalid_attribute", name, badValue);
  }
  return null;
};

export const faultInBytes = (code: InvalidEventCode, detail: string): InvalidEvent => invalid(null, code, "", detail);

/** Attributes of a parsed event that `faultInEvent` found nothing wrong with. */
export const attributesOf = (event: Members, defaults: Defaults, index: number | null): Attributes => {
  const own = traceContextOf(event.traceparent, event.tracestate);
  const { traceparent, tracestate } = own.traceparent === null ? defaults : own;
  return {
    id: (event.id as string | null | undefined) ?? defaults.newId(index),
    source: (event.source as string | null | undefined) ?? defaults.source,
    type: event.type as string,
    partitionKey: ((event.partitionkey ?? event.subject) as string | null | undefined) ?? null,
    traceparent,
    ...(tracestate === undefined ? null : { tracestate }),
  };
};
