import {
  type Attributes,
  attributesOf,
  type Defaults,
  faultInBytes,
  faultInEvent,
  type InvalidEvent,
} from "./event.ts";
import { skipSpace } from "./json.ts";
import { type EventLimits, MEMBERS_MAX, type Place } from "./outline.ts";

/** An event as it will be kept, or why not. The bytes are the sender's, with missing members inserted in front. */
export type ReadEvent =
  | { readonly kind: "ok"; readonly attributes: Attributes; readonly bytes: Uint8Array }
  | InvalidEvent;

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

export const tooLarge = (bytes: number, { eventBytesMax }: EventLimits): InvalidEvent =>
  faultInBytes("event_too_large", `${bytes} bytes, the limit is ${eventBytesMax}`);

const beyondLimit = (place: Place, limits: EventLimits): InvalidEvent | null => {
  switch (place.beyond) {
    case "event_too_large":
      return tooLarge(place.bytes.length, limits);
    case "event_too_deep":
      return faultInBytes("event_too_deep", `nested deeper than ${limits.depthMax} levels`);
    case "too_many_members":
      return faultInBytes("too_many_members", `${place.members} members, the limit is ${MEMBERS_MAX}`);
    case null:
      return null;
  }
};

/** Checks and completes the event at `place`; `bytes` are its own, or the whole body where it stands alone. */
export const completeEvent = (
  value: unknown,
  place: Place,
  bytes: Uint8Array,
  defaults: Defaults,
  limits: EventLimits,
): ReadEvent => {
  const beyond = beyondLimit(place, limits);
  if (beyond !== null) return beyond;
  if (!isObject(value)) return faultInBytes("not_an_object", "an event is a JSON object");
  const fault = faultInEvent(value);
  if (fault !== null) return fault;
  const attributes = attributesOf(value, defaults);
  const completed = withMembers(bytes, missingMembers(value, attributes, defaults.nowMs));
  return completed.length > limits.eventBytesMax
    ? tooLarge(completed.length, limits)
    : { kind: "ok", attributes, bytes: completed };
};
