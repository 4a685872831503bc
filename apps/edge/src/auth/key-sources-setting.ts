import { readEntries, sidesOf, UNKNOWN_NAME } from "./entries.ts";
import type { BoundSource } from "./key-sources.ts";

/** Characters of a URI reference, as long as an attribute may be, and no `*`: who writes one means a pattern. */
const sourceForm = /^[\w\-.~:/?#[\]@!$&'()+;=%]{1,1024}$/;

/** What leads elsewhere than it begins is a mistake here, though an event may have it. */
const hasDotSegment = (source: string): boolean => /\/(\.|%2e){1,2}([/?#]|$)/i.test(source);

const boundOf = (entry: string, names: ReadonlySet<string>): BoundSource | string => {
  const sides = sidesOf(entry);
  if (sides === null) return "is not name=source";
  const [name, prefix] = sides;
  if (!names.has(name)) return UNKNOWN_NAME;
  if (!sourceForm.test(prefix)) return "has a source that is no URI reference; it is a beginning, not a pattern";
  return hasDotSegment(prefix) ? "has a source with /./ or /../; write where it leads" : { name, prefix };
};

/** Reads `name=source`, separated by commas; a name may come several times. `names` are those of `API_KEYS`. */
export const parseKeySources = (setting: string, names: ReadonlySet<string>): readonly BoundSource[] | string =>
  readEntries(setting, (text) => boundOf(text, names));
