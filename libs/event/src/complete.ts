import {
  type Attributes,
  attributesOf,
  type Defaults,
  faultInBytes,
  faultInEvent,
  type InvalidEvent,
  invalid,
  type Members,
  membersIn,
  type Pairs,
} from "./event.ts";
import { isNull, membersOf, skipSpace, stringAt } from "./json.ts";
import { type EventLimits, MEMBERS_MAX, type Place } from "./outline.ts";

/** An event as it will be kept, or why not. The bytes are the sender's, with what was missing filled in. */
export type ReadEvent =
  | { readonly kind: "ok"; readonly attributes: Attributes; readonly bytes: Uint8Array }
  | InvalidEvent;

const textEncoder = new TextEncoder();

/** Bytes that are put in the place of those between `from` and `to`. */
type Patch = { readonly from: number; readonly to: number; readonly bytes: Uint8Array };

const patched = (bytes: Uint8Array, patches: readonly Patch[]): Uint8Array => {
  let length = bytes.length;
  for (const patch of patches) length += patch.bytes.length - (patch.to - patch.from);
  const out = new Uint8Array(length);
  let read = 0;
  let written = 0;
  for (const patch of patches) {
    out.set(bytes.subarray(read, patch.from), written);
    written += patch.from - read;
    out.set(patch.bytes, written);
    written += patch.bytes.length;
    read = patch.to;
  }
  out.set(bytes.subarray(read), written);
  return out;
};

let lastMs = Number.NaN;
let lastTime = "";
/** The events of a batch come at one moment; saying it takes as long as reading one of them. */
const timeOf = (nowMs: number): string => {
  if (nowMs !== lastMs) lastTime = new Date(nowMs).toISOString();
  lastMs = nowMs;
  return lastTime;
};

/** What must be there, as JSON, where the sender left it out or wrote null. */
const filled = ["specversion", "id", "source", "time"] as const;

const jsonOf = (name: (typeof filled)[number], attributes: Attributes, nowMs: number): string => {
  switch (name) {
    case "specversion":
      return '"1.0"';
    case "time":
      return `"${timeOf(nowMs)}"`;
    default:
      return JSON.stringify(attributes[name]);
  }
};

/**
 * Never re-serialised, so that numbers and member order stay the sender's. What is missing is put behind the opening
 * brace ("type" is always there to follow it); a null is replaced where it stands, since of two members of one name
 * nearly every reader takes the last.
 */
const completed = (bytes: Uint8Array, event: Members, attributes: Attributes, nowMs: number): Uint8Array => {
  const { specversion, id, source, time } = event;
  if (specversion && id && source && time) return bytes;
  let missing = "";
  let nulls = false;
  for (const name of filled) {
    if (event[name] === undefined) missing += `"${name}":${jsonOf(name, attributes, nowMs)},`;
    else if (event[name] === null) nulls = true;
  }
  const brace = skipSpace(bytes, 0);
  const patches: Patch[] = [{ from: brace + 1, to: brace + 1, bytes: textEncoder.encode(missing) }];
  if (nulls)
    for (const { name, value, end } of membersOf(bytes, brace)) {
      const known = isNull(bytes, value) ? filled.find((each) => each === stringAt(bytes, name)) : undefined;
      if (known) patches.push({ from: value, to: end, bytes: textEncoder.encode(jsonOf(known, attributes, nowMs)) });
    }
  return patched(bytes, patches);
};

/** Of two members of one name some readers take the first and some the last: nobody can say which event this is. */
const duplicateMember = (name: string, id: unknown): InvalidEvent =>
  invalid(name === "id" ? null : id, "duplicate_member", name, "an event has each member once");

export const tooLarge = ({ eventBytesMax }: EventLimits): InvalidEvent =>
  faultInBytes("event_too_large", `more than ${eventBytesMax} bytes`);

const beyondLimit = (place: Place, limits: EventLimits): InvalidEvent | null => {
  switch (place.beyond) {
    case "event_too_large":
      return tooLarge(limits);
    case "event_too_deep":
      return faultInBytes("event_too_deep", `nested deeper than ${limits.depthMax} levels`);
    case "too_many_members":
      return faultInBytes("too_many_members", `${place.members} members, the limit is ${MEMBERS_MAX}`);
    case null:
      return null;
  }
};

/**
 * Checks and completes the event at `place`, of which `value` was set aside: its members, or 0 for what is none. `bytes` are
 * its own, or the whole body where it stands alone.
 */
export const completeEvent = (
  value: unknown,
  place: Place,
  bytes: Uint8Array,
  index: number | null,
  defaults: Defaults,
  limits: EventLimits,
): ReadEvent => {
  const beyond = beyondLimit(place, limits);
  if (beyond !== null) return beyond;
  if (!Array.isArray(value)) return faultInBytes("not_an_object", "an event is a JSON object");
  const pairs: Pairs = value;
  const { members, duplicate } = membersIn(pairs);
  if (duplicate !== null) return duplicateMember(duplicate, members.id);
  const fault = faultInEvent(members, pairs);
  if (fault !== null) return fault;
  const attributes = attributesOf(members, defaults, index);
  const whole = completed(bytes, members, attributes, defaults.nowMs);
  return whole.length > limits.eventBytesMax ? tooLarge(limits) : { kind: "ok", attributes, bytes: whole };
};
