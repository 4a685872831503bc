import { OPEN_ARRAY, OPEN_OBJECT, QUOTE, utf8 } from "./json.ts";
import { known, knownNames, numberOf } from "./known-names.ts";
import { keepString, lastString } from "./last-strings.ts";
import { outlined } from "./outline.ts";

/** What an event says, as far as it is looked at. `undefined` is what is not there. */
export type Values = {
  /** By the numbers of `known`. */
  readonly known: readonly unknown[];
  /** Names and values of other members, in turn. */
  readonly others: readonly unknown[];
  /** A name that stands twice. */
  readonly duplicate: string | null;
};

const nothingKnown: readonly unknown[] = knownNames.map(() => undefined);
const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const integer = /^-?\d+$/;

/** Stands for data, and for content that has a structure: no attribute may be one. */
const structured: unknown = Object.freeze({});
/** Stands for a number that is not written as an integer (`1.0`, `1e2`): no attribute may be one. */
const NO_INTEGER = 0.5;

/** A character a byte, whatever the bytes are: so an index into the bytes is one into the text. */
const latin1 = new TextDecoder("latin1");
/** Decoded at once: 200 events of 300 bytes. Of an event with large data it is all that is decoded around each attribute. */
const STRETCH_BYTES = 64 * 1024;

/** Cuts ASCII strings out of text that is decoded a stretch at a time: one call of the decoder takes as long as six cuts. */
export class Texts {
  #of: Uint8Array | null = null;
  #from = 0;
  #to = 0;
  #text = "";

  cut(bytes: Uint8Array, from: number, to: number): string {
    if (bytes !== this.#of || from < this.#from || to > this.#to) this.#decode(bytes, from, to);
    return this.#text.slice(from - this.#from, to - this.#from);
  }

  #decode(bytes: Uint8Array, from: number, to: number): void {
    const isShort = bytes.length <= STRETCH_BYTES;
    this.#of = bytes;
    this.#from = isShort ? 0 : from;
    this.#to = isShort ? bytes.length : Math.max(to, Math.min(from + STRETCH_BYTES, bytes.length));
    this.#text = latin1.decode(isShort ? bytes : bytes.subarray(from, this.#to));
  }
}

const stringIn = (source: Uint8Array, from: number, to: number, isPlain: boolean, texts: Texts): string =>
  isPlain ? texts.cut(source, from + 1, to - 1) : JSON.parse(utf8(source.subarray(from, to)) ?? '""');

const valueIn = (source: Uint8Array, member: number, texts: Texts): unknown => {
  const value = outlined.value[member] as number;
  const end = outlined.end[member] as number;
  switch (source[value]) {
    case QUOTE:
      return stringIn(source, value, end, outlined.isPlain[member] === 1, texts);
    case OPEN_OBJECT:
    case OPEN_ARRAY:
      return structured;
    case LETTER_N:
      return null;
    case LETTER_T:
      return true;
    case LETTER_F:
      return false;
    default: {
      const text = texts.cut(source, value, end);
      return integer.test(text) ? Number(text) : NO_INTEGER;
    }
  }
};

const nameIn = (source: Uint8Array, member: number, texts: Texts): string => {
  const isPlain = outlined.isPlain[member] === 1;
  return stringIn(source, outlined.name[member] as number, outlined.nameEnd[member] as number, isPlain, texts);
};

/** The value of a member that is known by its number. */
const knownValueIn = (source: Uint8Array, number: number, member: number, texts: Texts): unknown => {
  const value = outlined.value[member] as number;
  if (number === known.data) return structured;
  if (outlined.isPlain[member] === 0 || source[value] !== QUOTE) return valueIn(source, member, texts);
  const end = outlined.end[member] as number;
  const again = lastString(number, source, value + 1, end - 1);
  if (again !== null) return again;
  const text = texts.cut(source, value + 1, end - 1);
  keepString(number, source, value + 1, text);
  return text;
};

/** Builds the values of the event that was outlined last, which lies within the limits. */
export const valuesIn = (source: Uint8Array, texts: Texts): Values => {
  const values = nothingKnown.slice();
  const others: unknown[] = [];
  let names: Set<string> | null = null;
  let duplicate: string | null = null;
  for (let member = 0; member < outlined.count; member++) {
    let number = outlined.number[member] as number;
    if (number < 0) {
      const name = nameIn(source, member, texts);
      number = numberOf(name);
      if (number < 0) {
        names ??= new Set();
        if (names.has(name)) duplicate ??= name;
        names.add(name);
        others.push(name, valueIn(source, member, texts));
        continue;
      }
      outlined.number[member] = number;
    }
    if (values[number] !== undefined) duplicate ??= knownNames[number] as string;
    values[number] = knownValueIn(source, number, member, texts);
  }
  return { known: values, others, duplicate };
};
