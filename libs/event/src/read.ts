import { completeEvent, type ReadEvent, tooLarge } from "./complete.ts";
import { type Defaults, faultInBytes, type InvalidEvent } from "./event.ts";
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  LINE_FEED,
  nameEnd,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  stringEnd,
  trimEnd,
  utf8,
} from "./json.ts";
import { type Malformed, malformed, notJson, notUtf8 } from "./malformed.ts";
import { type EventLimits, Outline, type Place } from "./outline.ts";

/** `batchEventsMax` ends the reading of a batch, before anything of it is parsed. */
export type BatchLimits = EventLimits & { readonly batchEventsMax: number };

export type ReadBatch = { readonly kind: "ok"; readonly events: readonly ReadEvent[] } | Malformed;

/** What a body holds: one event, several (an array, `{"events":[…]}` or lines), or nothing that can be read. */
export type ReadBody = { readonly kind: "single"; readonly event: ReadEvent } | ReadBatch;

const tooMany = ({ batchEventsMax }: BatchLimits): Malformed =>
  malformed("batch_too_large", `more than ${batchEventsMax} events`);

/** Adds the one event that these bytes are, with the space around it. Answers why they are none. */
const addWhole = (outline: Outline, bytes: Uint8Array, line = 1): Malformed | null => {
  const end = outline.add(bytes, skipSpace(bytes, 0));
  if (end < 0) return notJson(bytes, ~end, line);
  const rest = skipSpace(bytes, end);
  if (rest === bytes.length && !(outline.takeForeign() && utf8(bytes) === null)) return null;
  outline.dropLast();
  return rest === bytes.length ? notUtf8 : notJson(bytes, rest, line);
};

const readSingle = (bytes: Uint8Array, defaults: Defaults, limits: EventLimits): ReadEvent | Malformed => {
  if (bytes.length > limits.eventBytesMax) return tooLarge(bytes.length, limits);
  const outline = new Outline(bytes.length, limits);
  const fault = addWhole(outline, bytes);
  return fault ?? completeEvent(outline.values()[0], outline.places[0] as Place, bytes, null, defaults, limits);
};

/** Adds the events of the array whose bracket is at `from`, at most one more than `most`. Index behind the last thing read. */
const addElements = (outline: Outline, bytes: Uint8Array, from: number, most: number): number => {
  let at = skipSpace(bytes, from + 1);
  if (bytes[at] === CLOSE_ARRAY) return at + 1;
  for (;;) {
    at = outline.add(bytes, at);
    if (at < 0 || outline.places.length > most) return at;
    at = skipSpace(bytes, at);
    if (bytes[at] === CLOSE_ARRAY) return at + 1;
    if (bytes[at] !== COMMA) return ~at;
    at = skipSpace(bytes, at + 1);
  }
};

/** Reads the array at `from`, all of the body or the one member of an envelope; null when an envelope has another member. */
const readArray = (
  bytes: Uint8Array,
  from: number,
  isEnveloped: boolean,
  defaults: Defaults,
  limits: BatchLimits,
): ReadBatch | null => {
  const outline = new Outline(bytes.length, limits);
  let end = addElements(outline, bytes, from, limits.batchEventsMax);
  if (outline.places.length > limits.batchEventsMax) return tooMany(limits);
  if (isEnveloped && end >= 0) {
    end = skipSpace(bytes, end);
    if (bytes[end] === COMMA) return null;
    end = bytes[end] === CLOSE_OBJECT ? end + 1 : ~end;
  }
  if (end < 0) return notJson(bytes, ~end);
  end = skipSpace(bytes, end);
  if (end < bytes.length) return notJson(bytes, end);
  if (outline.takeForeign() && utf8(bytes) === null) return notUtf8;
  const values = outline.values();
  return {
    kind: "ok",
    events: outline.places.map((place, i) => completeEvent(values[i], place, place.bytes, i, defaults, limits)),
  };
};

/** The longest way to write `"events"`: every letter as an escape. */
const EVENTS_NAME_BYTES_MAX = 38;

/** Index of the array in `{"events":[…`, or -1. Only the beginning is looked at. */
const envelopedArray = (bytes: Uint8Array, from: number): number => {
  if (bytes[from] !== OPEN_OBJECT) return -1;
  const name = skipSpace(bytes, from + 1);
  // Nearly all events begin with another member, which this byte tells.
  if (bytes[name + 1] !== 0x65 && bytes[name + 1] !== BACKSLASH) return -1;
  const end = stringEnd(bytes, name, { depth: 0, foreign: false });
  if (end < 0 || end - name > EVENTS_NAME_BYTES_MAX) return -1;
  const value = skipSpace(bytes, nameEnd(bytes, name, { depth: 0, foreign: false }));
  if (bytes[value] !== OPEN_ARRAY) return -1;
  return JSON.parse(utf8(bytes.subarray(name, end)) ?? '""') === "events" ? value : -1;
};

const invalidOf = ({ code, detail }: Malformed): InvalidEvent =>
  faultInBytes(code === "invalid_encoding" ? code : "invalid_json", detail);

/** Reads one event; what cannot be parsed is an invalid event. */
export const readEvent = (bytes: Uint8Array, defaults: Defaults, limits: EventLimits): ReadEvent => {
  const event = readSingle(bytes, defaults, limits);
  return event.kind === "malformed" ? invalidOf(event) : event;
};

/** Reads `application/json` and the CloudEvents JSON forms, telling one event from a batch by what is there. */
export const readBody = (bytes: Uint8Array, defaults: Defaults, limits: BatchLimits): ReadBody => {
  const start = skipSpace(bytes, 0);
  const enveloped = envelopedArray(bytes, start);
  const array = bytes[start] === OPEN_ARRAY ? start : enveloped;
  const batch = array < 0 ? null : readArray(bytes, array, enveloped >= 0, defaults, limits);
  if (batch !== null) return batch;
  const event = readSingle(bytes, defaults, limits);
  return event.kind === "malformed" ? event : { kind: "single", event };
};

/** Reads the batch forms only. */
export const readBatch = (bytes: Uint8Array, defaults: Defaults, limits: BatchLimits): ReadBatch => {
  const body = readBody(bytes, defaults, limits);
  return body.kind === "single" ? malformed("not_a_batch", 'a batch is a JSON array or {"events":[…]}') : body;
};

/** Reads newline-delimited JSON, one event a line; blank lines do not count. A bad line is a bad event, not a bad batch. */
export const readLines = (bytes: Uint8Array, defaults: Defaults, limits: BatchLimits): ReadBatch => {
  const outline = new Outline(bytes.length, limits);
  const faults: (Malformed | null)[] = [];
  let line = 0;
  let end = -1;
  for (let from = 0; from < bytes.length; from = end + 1) {
    const feed = bytes.indexOf(LINE_FEED, from);
    end = feed < 0 ? bytes.length : feed;
    line++;
    const start = skipSpace(bytes, from, end);
    if (start === end) continue;
    if (faults.length === limits.batchEventsMax) return tooMany(limits);
    faults.push(addWhole(outline, bytes.subarray(start, trimEnd(bytes, start, end)), line));
  }
  if (faults.length === 0) return malformed("no_events", "not one line holds anything");
  const values = outline.values();
  let placed = 0;
  const events = faults.map((fault, index) => {
    if (fault !== null) return invalidOf(fault);
    const place = outline.places[placed] as Place;
    return completeEvent(values[placed++], place, place.bytes, index, defaults, limits);
  });
  return { kind: "ok", events };
};
