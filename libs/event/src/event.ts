import { extensionFault, NAME_LENGTH_MAX, nameFault, VALUE_LENGTH_MAX, valueFault } from "./attribute.ts";
import { known, knownNames } from "./known-names.ts";
import { type TraceContext, traceContextOf } from "./trace-context.ts";
import type { Values } from "./values.ts";

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

/** One thing that is wrong with an event. `pointer` is a JSON pointer into it. */
export type EventFault = {
  readonly code: InvalidEventCode;
  readonly detail: string;
  readonly pointer: string;
};

/** Why an event is refused. */
export type InvalidEvent = EventFault & {
  readonly kind: "invalid";
  readonly id: string | null;
  /** What else is wrong with an event that came alone. */
  readonly more?: readonly EventFault[];
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

const pointerTo = (name: string): string =>
  name === "" ? "" : `/${name.slice(0, NAME_LENGTH_MAX).replaceAll("~", "~0").replaceAll("/", "~1")}`;

const invalid = (id: unknown, code: InvalidEventCode, name: string, detail: string): InvalidEvent => ({
  kind: "invalid",
  id: typeof id === "string" && id.length <= VALUE_LENGTH_MAX ? id : null,
  code,
  detail,
  pointer: pointerTo(name),
});

/** Members that are not asked, by their pointers. */
type Besides = ReadonlySet<string>;
const none: Besides = new Set();
const isAsked = (besides: Besides, name: string): boolean => besides.size === 0 || !besides.has(pointerTo(name));

/** Beside other members, "events" says neither that this is an envelope nor that it is an event: one would be dropped. */
const withoutType = (id: unknown, events: unknown): InvalidEvent =>
  typeof events === "object" && events !== null
    ? invalid(id, "ambiguous_event", "events", 'an event needs "type"; an envelope has no member but "events"')
    : invalid(id, "missing_attribute", "type", '"type" is required');

/** Of two members of one name some readers take the first and some the last: nobody can say which event this is. */
const duplicateMember = (name: string, id: unknown): InvalidEvent =>
  invalid(name === "id" ? null : id, "duplicate_member", name, "an event has each member once");

/** The first attribute that says something it cannot say, those that are known first. */
const faultInAttributes = ({ known: values, others }: Values, besides: Besides): InvalidEvent | null => {
  const id = values[known.id];
  for (let number = 0; number < values.length; number++) {
    const fault = valueFault(number, values[number]);
    const name = knownNames[number] as string;
    if (fault !== null && isAsked(besides, name)) return invalid(id, "invalid_attribute", name, fault);
  }
  for (let at = 0; at < others.length; at += 2) {
    const name = others[at] as string;
    if (!isAsked(besides, name)) continue;
    const badName = nameFault(name);
    if (badName !== null) return invalid(id, "invalid_attribute_name", name, badName);
    const badValue = extensionFault(name, others[at + 1]);
    if (badValue !== null) return invalid(id, "invalid_attribute", name, badValue);
  }
  return null;
};

/**
 * The first rule of CloudEvents 1.0 (relaxed: only `type` is required) that an event breaks, or null. Null is what its
 * JSON format says for "not set", of every attribute and of `data_base64`; of `data` it is a value.
 */
export const faultInEvent = (event: Values, besides: Besides = none): InvalidEvent | null => {
  const values = event.known;
  const id = values[known.id];
  if (event.duplicate !== null && isAsked(besides, event.duplicate)) return duplicateMember(event.duplicate, id);
  if ((values[known.type] ?? null) === null && isAsked(besides, "type")) return withoutType(id, values[known.events]);
  if ((values[known.specversion] ?? "1.0") !== "1.0" && isAsked(besides, "specversion"))
    return invalid(id, "unsupported_specversion", "specversion", 'must be "1.0"');
  const isTwice = values[known.data] !== undefined && (values[known.data_base64] ?? null) !== null;
  if (isTwice && isAsked(besides, "data_base64"))
    return invalid(id, "conflicting_data", "data_base64", '"data" and "data_base64" exclude each other');
  return faultInAttributes(event, besides);
};

/** With the first one: who has sent ten wrong members knows what to look at. */
const FAULTS_MAX = 10;

/** What else is wrong with an event: the first fault of each other member. */
export const faultsBesides = (event: Values, first: InvalidEvent): readonly EventFault[] => {
  const more: EventFault[] = [];
  const besides = new Set([first.pointer]);
  if (first.code === "ambiguous_event") besides.add(pointerTo("type"));
  while (more.length + 1 < FAULTS_MAX) {
    const fault = faultInEvent(event, besides);
    if (fault === null) break;
    const { code, detail, pointer } = fault;
    more.push({ code, detail, pointer });
    besides.add(pointer);
  }
  return more;
};

export const faultInBytes = (code: InvalidEventCode, detail: string): InvalidEvent => invalid(null, code, "", detail);

/** Attributes of a parsed event that `faultInEvent` found nothing wrong with. */
export const attributesOf = ({ known: values }: Values, defaults: Defaults, index: number | null): Attributes => {
  const own = traceContextOf(values[known.traceparent], values[known.tracestate]);
  const { traceparent, tracestate } = own.traceparent === null ? defaults : own;
  const text = (number: number) => values[number] as string | null | undefined;
  return {
    id: text(known.id) ?? defaults.newId(index),
    source: text(known.source) ?? defaults.source,
    type: text(known.type) as string,
    partitionKey: text(known.partitionkey) ?? text(known.subject) ?? null,
    traceparent,
    tracestate,
  };
};
