import {
  type Attributes,
  attributesOf,
  type Defaults,
  faultInBytes,
  faultInEvent,
  faultsBesides,
  type InvalidEvent,
} from "./event.ts";
import { skipSpace } from "./json.ts";
import { known, knownNames } from "./known-names.ts";
import { outlined } from "./outline.ts";
import { type Texts, type Values, valuesIn } from "./values.ts";

export type EventLimits = { readonly eventBytesMax: number; readonly depthMax: number };

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

/** What must be there, where the sender left it out or wrote null. */
const filled: readonly number[] = [known.specversion, known.id, known.source, known.time];

const jsonOf = (number: number, { id, source }: Attributes, nowMs: number): string => {
  switch (number) {
    case known.specversion:
      return '"1.0"';
    case known.time:
      return `"${timeOf(nowMs)}"`;
    default:
      return JSON.stringify(number === known.id ? id : source);
  }
};

/**
 * Never re-serialised, so that numbers and member order stay the sender's. What is missing is put behind the opening
 * brace ("type" is always there to follow it); a null is replaced where it stands, since of two members of one name
 * nearly every reader takes the last.
 */
const completed = (
  bytes: Uint8Array,
  from: number,
  { known: values }: Values,
  attributes: Attributes,
  nowMs: number,
): Uint8Array => {
  if (filled.every((number) => values[number])) return bytes;
  let missing = "";
  for (const number of filled)
    if (values[number] === undefined) missing += `"${knownNames[number]}":${jsonOf(number, attributes, nowMs)},`;
  const first = skipSpace(bytes, 0) + 1;
  const patches: Patch[] = [{ from: first, to: first, bytes: textEncoder.encode(missing) }];
  for (let member = 0; member < outlined.count; member++) {
    const number = outlined.number[member] as number;
    if (values[number] !== null || !filled.includes(number)) continue;
    const json = textEncoder.encode(jsonOf(number, attributes, nowMs));
    patches.push({
      from: (outlined.value[member] as number) - from,
      to: (outlined.end[member] as number) - from,
      bytes: json,
    });
  }
  return patched(bytes, patches);
};

export const tooLarge = ({ eventBytesMax }: EventLimits): InvalidEvent =>
  faultInBytes("event_too_large", `more than ${eventBytesMax} bytes`);

/** Checks and completes the event that was outlined last, in `source`, of which its own bytes begin at `from`. */
export const completeEvent = (
  source: Uint8Array,
  from: number,
  bytes: Uint8Array,
  texts: Texts,
  index: number | null,
  defaults: Defaults,
  limits: EventLimits,
): ReadEvent => {
  const values = valuesIn(source, texts);
  const fault = faultInEvent(values);
  // Of a batch each event says the first: ten of each of a thousand would be an answer larger than the batch.
  if (fault !== null) return index === null ? { ...fault, more: faultsBesides(values, fault) } : fault;
  const attributes = attributesOf(values, defaults, index);
  const whole = completed(bytes, from, values, attributes, defaults.nowMs);
  return whole.length > limits.eventBytesMax ? tooLarge(limits) : { kind: "ok", attributes, bytes: whole };
};
