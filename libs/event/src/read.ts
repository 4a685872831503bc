import { type EventLimits, type ReadEvent, tooLarge } from "./complete.ts";
import { type Defaults, faultInBytes, type InvalidEvent } from "./event.ts";
import { EventReader } from "./event-reader.ts";
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  isSpace,
  LINE_FEED,
  memberStart,
  NESTING_MAX,
  nothingSeen,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  stringAt,
  stringEnd,
  trimEnd,
  utf8,
} from "./json.ts";
import { type Malformed, malformed, notJson, notUtf8 } from "./malformed.ts";
import { atOnce, isSpaceAt, PIECE_BYTES, type Pieces, spaceEnd } from "./pieces.ts";

/** `batchEventsMax` ends the reading of a batch, before anything of it is parsed. */
export type BatchLimits = EventLimits & { readonly batchEventsMax: number };

export type ReadBatch = { readonly kind: "ok"; readonly events: readonly ReadEvent[] } | Malformed;

/** What a body holds: one event, several (an array, `{"events":[…]}` or lines), or nothing that can be read. */
export type ReadBody = { readonly kind: "single"; readonly event: ReadEvent } | ReadBatch;

const tooMany = ({ batchEventsMax }: BatchLimits): Malformed =>
  malformed("batch_too_large", `more than ${batchEventsMax} events`);

/** Why a value that was read is none, of which the byte at `at` does not belong. */
const faultAt = (reader: EventReader, bytes: Uint8Array, at: number, line = 1): Malformed =>
  reader.isTooDeep()
    ? malformed("event_too_deep", `nested deeper than ${NESTING_MAX} levels`)
    : notJson(bytes, at, line);

/** Reads the one event that these bytes are, with the space around it. */
const readWhole = (
  reader: EventReader,
  bytes: Uint8Array,
  index: number | null = null,
  line = 1,
): ReadEvent | Malformed => {
  const end = reader.read(bytes, skipSpace(bytes, 0), true, index);
  if (end < 0) return faultAt(reader, bytes, ~end, line);
  const rest = skipSpace(bytes, end);
  if (rest < bytes.length) return notJson(bytes, rest, line);
  return reader.takeForeign() && utf8(bytes) === null ? notUtf8 : reader.event;
};

const readSingle = (bytes: Uint8Array, defaults: Defaults, limits: EventLimits): ReadEvent | Malformed =>
  bytes.length > limits.eventBytesMax ? tooLarge(limits) : readWhole(new EventReader(defaults, limits), bytes);

const invalidOf = ({ code, detail }: Malformed): InvalidEvent =>
  faultInBytes(code === "invalid_encoding" || code === "event_too_deep" ? code : "invalid_json", detail);

/** Reads the events of the array whose bracket is at `from`, at most one more than `most`. Index behind the last thing read. */
const elementPieces = function* (
  reader: EventReader,
  events: ReadEvent[],
  bytes: Uint8Array,
  from: number,
  most: number,
): Pieces<number> {
  let pieceEnd = from + PIECE_BYTES;
  let at = yield* spaceEnd(bytes, from + 1);
  if (bytes[at] === CLOSE_ARRAY) return at + 1;
  for (;;) {
    at = reader.read(bytes, at, false, events.length);
    if (at < 0) return at;
    events.push(reader.event);
    if (events.length > most) return at;
    if (isSpaceAt(bytes, at)) at = yield* spaceEnd(bytes, at);
    if (bytes[at] === CLOSE_ARRAY) return at + 1;
    if (bytes[at] !== COMMA) return ~at;
    at++;
    if (isSpaceAt(bytes, at)) at = yield* spaceEnd(bytes, at);
    if (at < pieceEnd) continue;
    yield;
    pieceEnd = at + PIECE_BYTES;
  }
};

/** Reads the array at `from`, all of the body or the one member of an envelope; null when an envelope has another member. */
const arrayPieces = function* (
  bytes: Uint8Array,
  from: number,
  isEnveloped: boolean,
  defaults: Defaults,
  limits: BatchLimits,
): Pieces<ReadBatch | null> {
  const reader = new EventReader(defaults, limits);
  const events: ReadEvent[] = [];
  let end = yield* elementPieces(reader, events, bytes, from, limits.batchEventsMax);
  if (events.length > limits.batchEventsMax) return tooMany(limits);
  if (isEnveloped && end >= 0) {
    end = yield* spaceEnd(bytes, end);
    if (bytes[end] === COMMA) return null;
    end = bytes[end] === CLOSE_OBJECT ? end + 1 : ~end;
  }
  if (end < 0) return faultAt(reader, bytes, ~end);
  end = yield* spaceEnd(bytes, end);
  if (end < bytes.length) return notJson(bytes, end);
  return reader.takeForeign() && utf8(bytes) === null ? notUtf8 : { kind: "ok", events };
};

/** The longest way to write `"events"`: every letter as an escape. */
const EVENTS_NAME_BYTES_MAX = 38;

/** Whether the member whose name begins at `name` is called "events". */
const isEvents = (bytes: Uint8Array, name: number): boolean => {
  // Nearly all events begin with another member, which this byte tells.
  if (bytes[name + 1] !== 0x65 && bytes[name + 1] !== BACKSLASH) return false;
  const end = stringEnd(bytes, name, nothingSeen());
  if (end < 0 || end - name > EVENTS_NAME_BYTES_MAX) return false;
  return stringAt(bytes, name) === "events";
};

/** Index of the array in `{"events":[…`, or -1. Only the beginning is looked at. */
const envelopedArray = (bytes: Uint8Array, from: number): number => {
  if (bytes[from] !== OPEN_OBJECT) return -1;
  const name = skipSpace(bytes, from + 1);
  if (!isEvents(bytes, name)) return -1;
  const value = memberStart(bytes, name, nothingSeen());
  return bytes[value] === OPEN_ARRAY ? value : -1;
};

/**
 * Whether a body with this beginning is one event, or nothing, however it goes on. False where the beginning does not
 * tell: all space, or a name that is not over.
 */
export const beginsOneEvent = (beginning: Uint8Array): boolean => {
  const start = skipSpace(beginning, 0);
  if (beginning[start] === OPEN_ARRAY) return false;
  const name = skipSpace(beginning, start + 1);
  return name + EVENTS_NAME_BYTES_MAX < beginning.length && !isEvents(beginning, name);
};

/** Reads one event; what cannot be parsed is an invalid event. */
export const readEvent = (bytes: Uint8Array, defaults: Defaults, limits: EventLimits): ReadEvent => {
  const event = readSingle(bytes, defaults, limits);
  return event.kind === "malformed" ? invalidOf(event) : event;
};

/** Reads `application/json` and the CloudEvents JSON forms, telling one event from a batch by what is there. */
export const bodyPieces = function* (bytes: Uint8Array, defaults: Defaults, limits: BatchLimits): Pieces<ReadBody> {
  const start = isSpaceAt(bytes, 0) ? yield* spaceEnd(bytes, 0) : 0;
  const enveloped = envelopedArray(bytes, start);
  const array = bytes[start] === OPEN_ARRAY ? start : enveloped;
  const batch = array < 0 ? null : yield* arrayPieces(bytes, array, enveloped >= 0, defaults, limits);
  if (batch !== null) return batch;
  const event = readSingle(bytes, defaults, limits);
  return event.kind === "malformed" ? event : { kind: "single", event };
};

/** Reads the batch forms only. */
export const batchPieces = function* (bytes: Uint8Array, defaults: Defaults, limits: BatchLimits): Pieces<ReadBatch> {
  const body = yield* bodyPieces(bytes, defaults, limits);
  return body.kind === "single" ? malformed("not_a_batch", 'a batch is a JSON array or {"events":[…]}') : body;
};

/** Reads newline-delimited JSON, one event a line; blank lines do not count. A bad line is a bad event, not a bad batch. */
export const linesPieces = function* (bytes: Uint8Array, defaults: Defaults, limits: BatchLimits): Pieces<ReadBatch> {
  const reader = new EventReader(defaults, limits);
  const events: ReadEvent[] = [];
  let line = 1;
  let pieceEnd = Math.min(PIECE_BYTES, bytes.length);
  for (let at = 0; ; ) {
    for (; at < pieceEnd && isSpace(bytes[at] as number); at++) if (bytes[at] === LINE_FEED) line++;
    if (at === bytes.length) break;
    if (at >= pieceEnd) {
      yield;
      pieceEnd = Math.min(at + PIECE_BYTES, bytes.length);
      continue;
    }
    if (events.length === limits.batchEventsMax) return tooMany(limits);
    const feed = bytes.indexOf(LINE_FEED, at);
    const end = feed < 0 ? bytes.length : feed;
    const event = readWhole(reader, bytes.subarray(at, trimEnd(bytes, at, end)), events.length, line);
    events.push(event.kind === "malformed" ? invalidOf(event) : event);
    at = end;
  }
  if (events.length === 0) return malformed("no_events", "not one line holds anything");
  return { kind: "ok", events };
};

/** As `bodyPieces`, and the others alike, for who waits for the whole. */
export const readBody = (...of: Parameters<typeof bodyPieces>): ReadBody => atOnce(bodyPieces(...of));
export const readBatch = (...of: Parameters<typeof batchPieces>): ReadBatch => atOnce(batchPieces(...of));
export const readLines = (...of: Parameters<typeof linesPieces>): ReadBatch => atOnce(linesPieces(...of));
