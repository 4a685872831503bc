import { CLOSE_OBJECT, COMMA, type Seen, skipSpace, stringEnd, valueEnd, valueStart } from "./json.ts";
import { numberAt } from "./known-names.ts";

/** Members of an event: its attributes and its data. Far more than anybody sends; each name costs a look-up. */
export const MEMBERS_MAX = 100;

/**
 * Where the members of the event that was outlined last lie in the bytes that hold it; of more than `MEMBERS_MAX` the first.
 * There is one for all, since an event is outlined and completed in one go: with an object a member a batch made a
 * third more garbage collections.
 */
export const outlined = {
  /** All members, those of one name each. */
  count: 0,
  /** That of `known` when a name is written so, else -1. */
  number: new Int8Array(MEMBERS_MAX),
  /** Where names and values begin and end. */
  name: new Uint32Array(MEMBERS_MAX),
  nameEnd: new Uint32Array(MEMBERS_MAX),
  value: new Uint32Array(MEMBERS_MAX),
  end: new Uint32Array(MEMBERS_MAX),
  /** 1 when both are ASCII without escapes, where they are strings. */
  isPlain: new Uint8Array(MEMBERS_MAX),
};

/**
 * Reads the object at `from`: one pass over its bytes tells whether it is valid, how deep it nests, and where its members
 * lie. Values are built from there (`values.ts`): a few strings and numbers, whatever the data is.
 *
 * Nothing is built as an object by the sender's names, since every name of an object is looked up and makes another
 * shape: 1,000 events with 98 names that nobody has seen, 224 KB in gzip, held the event loop for more than 100 ms and
 * took 200 MB.
 */
export const outline = (source: Uint8Array, from: number, seen: Seen): number => {
  let deepest = 0;
  let count = 0;
  let at = skipSpace(source, from + 1);
  while (source[at] !== CLOSE_OBJECT || count > 0) {
    const name = skipSpace(source, at);
    seen.isPlain = true;
    const nameEnd = stringEnd(source, name, seen);
    if (nameEnd < 0) return nameEnd;
    const value = valueStart(source, nameEnd);
    if (value < 0) return value;
    const end = valueEnd(source, value, seen);
    if (end < 0) return end;
    if (count < MEMBERS_MAX) {
      outlined.number[count] = numberAt(source, name, nameEnd);
      outlined.name[count] = name;
      outlined.nameEnd[count] = nameEnd;
      outlined.value[count] = value;
      outlined.end[count] = end;
      outlined.isPlain[count] = seen.isPlain ? 1 : 0;
    }
    count++;
    if (seen.depth > deepest) deepest = seen.depth;
    at = skipSpace(source, end);
    if (source[at] !== COMMA) break;
    at++;
  }
  if (source[at] !== CLOSE_OBJECT) return ~at;
  outlined.count = count;
  seen.depth = deepest + 1;
  return at + 1;
};
