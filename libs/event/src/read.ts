import {
  type Attributes,
  attributesOf,
  type Defaults,
  faultInBytes,
  faultInEvent,
  type InvalidEvent,
} from "./event.ts";
import { deeperThan, elements, lines, memberValue, skipSpace, utf8 } from "./json.ts";

export type EventLimits = { readonly eventBytesMax: number; readonly depthMax: number };

/**
 * `batchEventsMax` ends the reading: one event more than that is read, so that the caller sees that there are too many.
 * A body of 4 MiB can hold two million elements, which would take 1.4 s and 430 MB to read.
 */
export type BatchLimits = EventLimits & { readonly batchEventsMax: number };

/** An event as it will be kept, or why not. The bytes are the sender's, with missing members inserted in front. */
export type ReadEvent =
  | { readonly kind: "ok"; readonly attributes: Attributes; readonly bytes: Uint8Array }
  | InvalidEvent;

export type ReadBatch =
  | { readonly kind: "ok"; readonly events: readonly ReadEvent[] }
  | {
      readonly kind: "malformed";
      readonly code: "invalid_json" | "invalid_encoding" | "not_a_batch";
      readonly detail: string;
    };

/** What a JSON body holds: one event, several (an array or `{"events":[…]}`), or nothing that can be read. */
export type ReadBody = { readonly kind: "single"; readonly event: ReadEvent } | ReadBatch;

const textEncoder = new TextEncoder();

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The members that the sender left out, each with its comma; "type" is always there to follow them. */
const missingMembers = (event: Record<string, unknown>, attributes: Attributes, nowMs: number): string => {
  let members = "";
  if (event.specversion === undefined) members += '"specversion":"1.0",';
  if (event.id === undefined) members += `"id":${JSON.stringify(attributes.id)},`;
  if (event.source === undefined) members += `"source":${JSON.stringify(attributes.source)},`;
  if (event.time === undefined) members += `"time":"${new Date(nowMs).toISOString()}",`;
  return members;
};

/** Inserts behind the opening brace: never re-serialised, so that numbers and member order stay the sender's. */
const withMembers = (bytes: Uint8Array, members: string): Uint8Array => {
  if (members === "") return bytes;
  const inserted = textEncoder.encode(members);
  const brace = skipSpace(bytes, 0) + 1;
  const completed = new Uint8Array(bytes.length + inserted.length);
  completed.set(bytes.subarray(0, brace));
  completed.set(inserted, brace);
  completed.set(bytes.subarray(brace), brace + inserted.length);
  return completed;
};

const completeEvent = (
  value: unknown,
  bytes: Uint8Array,
  isTooDeep: boolean,
  defaults: Defaults,
  limits: EventLimits,
): ReadEvent => {
  if (!isObject(value)) return faultInBytes("not_an_object", "an event is a JSON object");
  const fault = faultInEvent(value);
  if (fault !== null) return fault;
  if (isTooDeep) return faultInBytes("event_too_deep", `nested deeper than ${limits.depthMax} levels`);
  const attributes = attributesOf(value, defaults);
  const completed = withMembers(bytes, missingMembers(value, attributes, defaults.nowMs));
  if (completed.length > limits.eventBytesMax)
    return faultInBytes("event_too_large", `${completed.length} bytes, the limit is ${limits.eventBytesMax}`);
  return { kind: "ok", attributes, bytes: completed };
};

type Parsed =
  | { readonly kind: "ok"; readonly value: unknown }
  | { readonly kind: "malformed"; readonly code: "invalid_json" | "invalid_encoding"; readonly detail: string };

const parse = (bytes: Uint8Array): Parsed => {
  const text = utf8(bytes);
  if (text === null) return { kind: "malformed", code: "invalid_encoding", detail: "not valid UTF-8" };
  try {
    return { kind: "ok", value: JSON.parse(text) };
  } catch {
    // The engine's message quotes the payload, and each engine another way.
    return { kind: "malformed", code: "invalid_json", detail: "not valid JSON" };
  }
};

const readElements = (
  values: readonly unknown[],
  bytes: Uint8Array,
  from: number,
  defaults: Defaults,
  limits: BatchLimits,
): ReadBatch => {
  const { batchEventsMax, depthMax } = limits;
  const events = elements(bytes, from, batchEventsMax + 1).map((element, i) =>
    completeEvent(values[i], element.bytes, element.depth > depthMax, defaults, limits),
  );
  return { kind: "ok", events };
};

/** Reads `application/json` and the CloudEvents JSON forms, telling one event from a batch by what is there. */
export const readBody = (bytes: Uint8Array, defaults: Defaults, limits: BatchLimits): ReadBody => {
  const parsed = parse(bytes);
  if (parsed.kind !== "ok") return parsed;
  const { value } = parsed;
  if (Array.isArray(value)) return readElements(value, bytes, skipSpace(bytes, 0), defaults, limits);
  if (isObject(value) && value.type === undefined && Array.isArray(value.events))
    return readElements(value.events, bytes, memberValue(bytes, "events"), defaults, limits);
  return { kind: "single", event: completeEvent(value, bytes, deeperThan(bytes, limits.depthMax), defaults, limits) };
};

/** Reads the batch forms only. */
export const readBatch = (bytes: Uint8Array, defaults: Defaults, limits: BatchLimits): ReadBatch => {
  const body = readBody(bytes, defaults, limits);
  if (body.kind !== "single") return body;
  return { kind: "malformed", code: "not_a_batch", detail: 'a batch is a JSON array or {"events":[…]}' };
};

/** Reads one event; what cannot be parsed is an invalid event. */
export const readEvent = (bytes: Uint8Array, defaults: Defaults, limits: EventLimits): ReadEvent => {
  const parsed = parse(bytes);
  if (parsed.kind !== "ok") return faultInBytes(parsed.code, parsed.detail);
  return completeEvent(parsed.value, bytes, deeperThan(bytes, limits.depthMax), defaults, limits);
};

/** Reads newline-delimited JSON, one event a line; blank lines do not count. A bad line is a bad event, not a bad batch. */
export const readLines = (bytes: Uint8Array, defaults: Defaults, limits: BatchLimits): ReadEvent[] =>
  lines(bytes, limits.batchEventsMax + 1).map((line) => readEvent(line, defaults, limits));
