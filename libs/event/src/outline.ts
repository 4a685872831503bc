import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  isFraction,
  NESTING_MAX,
  nameEnd,
  OPEN_ARRAY,
  OPEN_OBJECT,
  type Seen,
  skipSpace,
  utf8,
  valueEnd,
} from "./json.ts";
import { numberAt } from "./known-names.ts";
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
const TEN = 10;
/** What stands for a number that is not written as an integer: no attribute may be one, and data is not looked at. */
const NO_INTEGER = new TextEncoder().encode("0.5");
const SCRATCH_BYTES = PIECE_BYTES;
/** One for all bodies of one piece: what is kept of such a body is parsed before the next one is looked at. */
const scratch = new Uint8Array(SCRATCH_BYTES);

/**
 * What a body says about its events: for each its place, and its attributes. One pass over the bytes tells what is
 * valid and what is within the limits, and sets aside for `JSON.parse` what validation has to look at: the members of
 * each event, as an array of names and values in turn, with a number for a name that is known and `{}` in the place of
 * every array and object. So what is parsed holds a few strings and numbers an event, whatever the data is; 0 stands for
 * an event that is none, or is beyond a limit.
 *
 * An array, since every name of an object is looked up and makes another shape: 1,000 events with 98 names that nobody has
 * seen, 224 KB in gzip, held the event loop for more than 100 ms and took 200 MB.
 */
export class Outline {
  readonly places: Place[] = [];
  readonly #limits: EventLimits;
  readonly #seen: Seen = { depth: 0, foreign: false };
  /** Never more bytes than were read, and two brackets; most often far fewer. */
  #kept: Uint8Array;
  #length = 1;
  /** Where what `JSON.parse` gets at once begins: an array of 64 KiB and one event at most. */
  readonly #groups: number[] = [0];
  #parsed = 0;
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
    if (this.places.length > 0) this.#separate();
    const start = this.#length;
    const isObject = bytes[from] === OPEN_OBJECT;
    this.#members = 0;
    const end = isObject ? this.#object(bytes, from) : valueEnd(bytes, from, this.#seen);
    if (end < 0) {
      this.#forget();
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
    this.#forget();
  }

  /** What was set aside, built, some 64 KiB of it each time: a value for each place. All of it must be UTF-8. */
  nextValues(): unknown[] {
    const from = this.#groups[this.#parsed++] as number;
    const text = utf8(this.#kept.subarray(from, this.#groups[this.#parsed] ?? this.#length));
    if (text === null) throw new Error("something was set aside that is not UTF-8");
    return JSON.parse(`${text}]`);
  }

  #separate(): void {
    const isFull = this.#length - (this.#groups.at(-1) as number) >= PIECE_BYTES;
    if (isFull) this.#groups.push(this.#length);
    this.#put(isFull ? OPEN_ARRAY : COMMA);
  }

  #forget(): void {
    this.#length = this.#lastAt;
    if (this.#groups.length > 1 && this.#groups.at(-1) === this.#lastAt) this.#groups.pop();
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
    let at = skipSpace(bytes, from + 1);
    this.#put(OPEN_ARRAY);
    while (bytes[at] !== CLOSE_OBJECT || members > 0) {
      const colonEnd = nameEnd(bytes, at, seen);
      if (colonEnd < 0) return colonEnd;
      const value = skipSpace(bytes, colonEnd);
      const end = valueEnd(bytes, value, seen);
      if (end < 0) return end;
      if (members > 0) this.#put(COMMA);
      members++;
      this.#keepName(bytes, skipSpace(bytes, at), colonEnd - 1);
      this.#put(COMMA);
      this.#keepValue(bytes, value, end);
      if (seen.depth > deepest) deepest = seen.depth;
      at = skipSpace(bytes, end);
      if (bytes[at] !== COMMA) break;
      at++;
    }
    if (bytes[at] !== CLOSE_OBJECT) return ~at;
    this.#put(CLOSE_ARRAY);
    seen.depth = deepest + 1;
    this.#members = members;
    return at + 1;
  }

  #keepName(bytes: Uint8Array, from: number, end: number): void {
    const number = numberAt(bytes, from, end);
    if (number < 0) {
      this.#keep(bytes, from, end);
      return;
    }
    if (number >= TEN) this.#put(ZERO + 1);
    this.#put(ZERO + (number % TEN));
  }

  #keepValue(bytes: Uint8Array, from: number, end: number): void {
    if (this.#seen.depth > 0) {
      this.#put(OPEN_OBJECT);
      this.#put(CLOSE_OBJECT);
    } else if (isFraction(bytes, from, end)) this.#keep(NO_INTEGER, 0, NO_INTEGER.length);
    else this.#keep(bytes, from, end);
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
