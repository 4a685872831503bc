import { ClientError } from "./client-error.ts";
import type { Clock } from "./clock.ts";
import { newEventId } from "./event-id.ts";

/** W3C Trace Context, as OpenTelemetry's `propagation.inject` writes it into a carrier. */
export type TraceContext = { readonly traceparent?: string; readonly tracestate?: string };

type Attributes = TraceContext & {
  /** A new UUIDv7 unless given. The same event sent again has the same id: then the edge stores it once. */
  readonly id?: string;
  /** The client's `source` unless given, else the edge's default for the key. */
  readonly source?: string;
  /** RFC 3339; the moment of `send` unless given. */
  readonly time?: string;
  readonly subject?: string;
  /** Events of one partition key keep their order; `subject` unless given. */
  readonly partitionkey?: string;
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  /** In place of `data`, of what is not JSON. */
  readonly data_base64?: string;
  /** CloudEvents extension attributes: lower-case letters and digits. */
  readonly extensions?: Readonly<Record<string, string | number | boolean>>;
};

/** An event of one of the types in a map from types to their data: `{ "order.created": { total: number } }`. */
export type ClientEvent<Types extends object = Record<string, unknown>> = {
  [Type in keyof Types & string]: Attributes & { readonly type: Type } & (undefined extends Types[Type]
      ? { readonly data?: Types[Type] }
      : { readonly data: Types[Type] });
}[keyof Types & string];

/** What goes over the wire, made once: each try sends these bytes with this id. */
export type CompleteEvent = {
  readonly id: string;
  /** What keeps its order; null: nothing. */
  readonly key: string | null;
  /** One line of JSON. */
  readonly text: string;
};

export type Completion = {
  readonly source: string | undefined;
  readonly traceContext: (() => TraceContext | undefined) | undefined;
  readonly wallMs: Clock["wallMs"];
};

type Wire = { readonly id: string; readonly subject?: string; readonly partitionkey?: string };

const keyOf = ({ partitionkey, subject }: Wire): string | null => partitionkey ?? subject ?? null;

/** Fills in what each try has to say alike. Throws `ClientError` `not_json` for what JSON cannot say (a bigint, a cycle). */
export const completeEvent = (event: ClientEvent, { source, traceContext, wallMs }: Completion): CompleteEvent => {
  const { extensions, ...attributes } = event;
  const id = event.id ?? newEventId(wallMs);
  const time = event.time ?? new Date(wallMs()).toISOString();
  const given = event.traceparent === undefined ? traceContext?.() : undefined;
  const { traceparent = event.traceparent, tracestate = event.tracestate } = given ?? {};
  const context = { source: event.source ?? source, traceparent, tracestate };
  const wire = { ...extensions, ...attributes, ...context, specversion: "1.0", id, time };
  try {
    return { id, key: keyOf(wire), text: JSON.stringify(wire) };
  } catch (cause) {
    throw new ClientError("not_json", `event ${id} cannot be written as JSON`, cause);
  }
};

/** Of one that a store kept. */
export const readComplete = (text: string): CompleteEvent => {
  const wire = JSON.parse(text) as Wire;
  return { id: wire.id, key: keyOf(wire), text };
};
