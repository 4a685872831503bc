import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  NESTING_MAX,
  nameEnd,
  OPEN_ARRAY,
  OPEN_OBJECT,
  type Seen,
  skipSpace,
  utf8,
  valueEnd,
} from "./json.ts";
import { PIECE_BYTES } from "./pieces.ts";

/** Members of an event: its attributes and its data. Far more than anybody sends; each name costs a look-up. */
export const MEMBERS_MAX = 100;

export type EventLimits = { readonly eventBytesMax: number; readonly depthMax: number };

/** Where an event lies in a body, and what is known about it before anything of it was built. */
export type Place = {
  /** The event's own bytes: a view. */
  readonly bytes: Uint8Array;
  /** Members of the event, those of one name counted each; 0 when it is no object. */
  readonly members: number;
  /** The limit that it breaks. */
  readonly beyond: "event_too_large" | "event_too_deep" | "too_many_members" | null;
};

const ZERO = 0x30;
const SCRATCH_BYTES = PIECE_BYTES;
/** One for all bodies of one piece: what is kept of such a body is parsed before the next one is looked at. */
const scratch = new Uint8Array(SCRATCH_BYTES);

/**
 * What a body says about its events: for each its place, and its attributes. One pass over the bytes tells what is
 * valid and what is within the limits, and sets aside for `JSON.parse` what validation has to look at: the members of
 * each event, with `{}` in the place of every array and object. So what is parsed holds a few strings and numbers an
 * event, whatever the data is; 0 stands for an event that is none, or is beyond a limit.
 */
export class Outline {
  readonly places: Place[] = [];
  readonly #limits: EventLimits;
  readonly #seen: Seen = { depth: 0, foreign: false };
  /** Never more bytes than were read, and two brackets; most often far fewer. */
  #kept: Uint8Array;
  #length = 1;
  /** Where the last event was set aside, and the members of the last object. */
  #lastAt = 1;
  #members = 0;

  constructor(bodyBytes: number, limits: EventLimits) {
    this.#limits = limits;
    this.#kept = bodyBytes + 2 <= SCRATCH_BYTES ? scratch : new Uint8Array(SCRATCH_BYTES);
    this.#kept[0] = OPEN_ARRAY;
  }

  /** Reads the value at `from` as an event. Index behind it, or the complement of the byte's that does not belong. */
  add(bytes: Uint8Array, from: number): number {
    this.#lastAt = this.#length;
    this.#seen.depth = 0;
    if (this.places.length > 0) this.#put(COMMA);
    const start = this.#length;
    const isObject = bytes[from] === OPEN_OBJECT;
    this.#members = 0;
    const end = isObject ? this.#object(bytes, from) : valueEnd(bytes, from, this.#seen);
    if (end < 0) {
      this.#length = this.#lastAt;
      return end;
    }
    const members = this.#members;
    const beyond = this.#beyond(end - from, members);
    if (beyond !== null || !isObject) {
      this.#length = start;
      this.#put(ZERO);
    }
    this.places.push({ bytes: bytes.subarray(from, end), members, beyond });
    return end;
  }

  /** Whether strings that were read since this was last asked hold bytes beyond ASCII, which may not be UTF-8. */
  takeForeign(): boolean {
    const { foreign } = this.#seen;
    this.#seen.foreign = false;
    return foreign;
  }

  /** Whether the last value was not read to its end, since it nests deeper than anything is read. */
  isTooDeep(): boolean {
    return this.#seen.depth > NESTING_MAX;
  }

  /** Forgets the last event. */
  dropLast(): void {
    this.places.pop();
    this.#length = this.#lastAt;
  }

  /** What was set aside, built: a value for each place. All of it must be UTF-8. */
  values(): unknown[] {
    this.#put(CLOSE_ARRAY);
    const text = utf8(this.#kept.subarray(0, this.#length));
    if (text === null) throw new Error("something was set aside that is not UTF-8");
    return JSON.parse(text);
  }

  #beyond(bytes: number, members: number): Place["beyond"] {
    const { eventBytesMax, depthMax } = this.#limits;
    if (bytes > eventBytesMax) return "event_too_large";
    if (this.#seen.depth > depthMax) return "event_too_deep";
    return members > MEMBERS_MAX ? "too_many_members" : null;
  }

  #object(bytes: Uint8Array, from: number): number {
    const seen = this.#seen;
    let members = 0;
    let deepest = 0;
    let kept = from;
    let at = skipSpace(bytes, from + 1);
    while (bytes[at] !== CLOSE_OBJECT || members > 0) {
      const value = skipSpace(bytes, nameEnd(bytes, at, seen));
      const end = value < 0 ? value : valueEnd(bytes, value, seen);
      if (end < 0) return end;
      members++;
      if (seen.depth > deepest) deepest = seen.depth;
      if (seen.depth > 0) {
        this.#keep(bytes, kept, value);
        this.#put(OPEN_OBJECT);
        this.#put(CLOSE_OBJECT);
        kept = end;
      }
      at = skipSpace(bytes, end);
      if (bytes[at] !== COMMA) break;
      at++;
    }
    if (bytes[at] !== CLOSE_OBJECT) return ~at;
    this.#keep(bytes, kept, at + 1);
    seen.depth = deepest + 1;
    this.#members = members;
    return at + 1;
  }

  #put(byte: number): void {
    if (this.#length === this.#kept.length) this.#grow(1);
    this.#kept[this.#length++] = byte;
  }

  #grow(bytes: number): void {
    const larger = new Uint8Array(Math.max(2 * this.#kept.length, this.#length + bytes));
    larger.set(this.#kept);
    this.#kept = larger;
  }

  /** Byte by byte: the pieces are short, and a view for each costs more. */
  #keep(bytes: Uint8Array, from: number, to: number): void {
    if (this.#length + to - from > this.#kept.length) this.#grow(to - from);
    const kept = this.#kept;
    let length = this.#length;
    for (let at = from; at < to; at++) kept[length++] = bytes[at] as number;
    this.#length = length;
  }
}
