import { NAME_LENGTH_MAX, nameFault, VALUE_LENGTH_MAX, valueFault } from "./attribute.ts";
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

/** The members of an event, as names and values in turn. */
export type Pairs = readonly unknown[];

/** What is looked at by name. One shape, however the members are ordered; `undefined` is what is not there. */
export class Members {
  type: unknown;
  id: unknown;
  source: unknown;
  specversion: unknown;
  time: unknown;
  subject: unknown;
  partitionkey: unknown;
  data: unknown;
  data_base64: unknown;
  traceparent: unknown;
  tracestate: unknown;
  events: unknown;
  /** A name that stands twice. */
  duplicate: string | null = null;

  /** Whether it is the first of its name; null for a name that is not looked at. A switch costs half of a look-up. */
  put(name: string, value: unknown): boolean | null {
    let isFirst: boolean;
    switch (name) {
      case "type":
        isFirst = this.type === undefined;
        this.type = value;
        return isFirst;
      case "id":
        isFirst = this.id === undefined;
        this.id = value;
        return isFirst;
      case "source":
        isFirst = this.source === undefined;
        this.source = value;
        return isFirst;
      case "specversion":
        isFirst = this.specversion === undefined;
        this.specversion = value;
        return isFirst;
      case "time":
        isFirst = this.time === undefined;
        this.time = value;
        return isFirst;
      case "subject":
        isFirst = this.subject === undefined;
        this.subject = value;
        return isFirst;
      case "data":
        isFirst = this.data === undefined;
        this.data = value;
        return isFirst;
      default:
        return rare.has(name) ? this.#putRare(name as Rare, value) : null;
    }
  }

  #putRare(name: Rare, value: unknown): boolean {
    const isFirst = this[name] === undefined;
    this[name] = value;
    return isFirst;
  }
}

type Rare = "partitionkey" | "data_base64" | "traceparent" | "tracestate" | "events";
const rare: ReadonlySet<string> = new Set<Rare>(["partitionkey", "data_base64", "traceparent", "tracestate", "events"]);

const firstTwice = (names: readonly string[]): string | null => {
  if (names.length < 2) return null;
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return null;
};

/** The members by name. */
export const membersIn = (pairs: Pairs): Members => {
  const members = new Members();
  let others: string[] | null = null;
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at] as string;
    const isFirst = members.put(name, pairs[at + 1]);
    if (isFirst === false) members.duplicate ??= name;
    if (isFirst !== null) continue;
    if (others === null) others = [name];
    else others.push(name);
  }
  if (others !== null) members.duplicate ??= firstTwice(others);
  return members;
};

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
    const name = pairs[at] as string;
    const badName = nameFault(name);
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
