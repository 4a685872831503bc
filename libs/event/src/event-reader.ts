import { completeEvent, type EventLimits, type ReadEvent, tooLarge } from "./complete.ts";
import { type Defaults, faultInBytes } from "./event.ts";
import { NESTING_MAX, nothingSeen, OPEN_OBJECT, valueEnd } from "./json.ts";
import { MEMBERS_MAX, outline, outlined } from "./outline.ts";
import { Texts } from "./values.ts";

/**
 * Reads the events of a body where they lie, each to its end before the next one is looked at: nothing is kept of it but
 * what it is. What is wrong further on in the body is found later, and nobody sees these events then.
 */
export class EventReader {
  readonly #defaults: Defaults;
  readonly #limits: EventLimits;
  readonly #seen = nothingSeen();
  readonly #texts = new Texts();
  #event: ReadEvent | null = null;

  constructor(defaults: Defaults, limits: EventLimits) {
    this.#defaults = defaults;
    this.#limits = limits;
  }

  /** The event that was read last. */
  get event(): ReadEvent {
    if (this.#event === null) throw new Error("no event was read");
    return this.#event;
  }

  /**
   * Reads the value at `from`, to which all of the bytes belong where `isWhole`: the event of this index in its batch, or
   * null. Index behind it, or the complement of the byte's that does not belong.
   */
  read(source: Uint8Array, from: number, isWhole: boolean, index: number | null): number {
    const seen = this.#seen;
    seen.depth = 0;
    const isObject = source[from] === OPEN_OBJECT;
    const end = isObject ? outline(source, from, seen) : valueEnd(source, from, seen);
    if (end < 0) return end;
    this.#event =
      this.#refused(isObject, end - from) ?? this.#complete(source, isWhole ? 0 : from, end, isWhole, index);
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

  /** What needs no look at its members. */
  #refused(isObject: boolean, bytes: number): ReadEvent | null {
    const { eventBytesMax, depthMax } = this.#limits;
    if (bytes > eventBytesMax) return tooLarge(this.#limits);
    if (this.#seen.depth > depthMax) return faultInBytes("event_too_deep", `nested deeper than ${depthMax} levels`);
    if (!isObject) return faultInBytes("not_an_object", "an event is a JSON object");
    const { count } = outlined;
    return count > MEMBERS_MAX
      ? faultInBytes("too_many_members", `${count} members, the limit is ${MEMBERS_MAX}`)
      : null;
  }

  #complete(source: Uint8Array, from: number, end: number, isWhole: boolean, index: number | null): ReadEvent {
    const bytes = isWhole ? source : source.subarray(from, end);
    return completeEvent(source, from, bytes, this.#texts, index, this.#defaults, this.#limits);
  }
}
