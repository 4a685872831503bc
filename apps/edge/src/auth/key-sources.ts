import { normalSource } from "./normal-source.ts";

/** A key's name and a source that is bound to it, with everything below that source unless it `isWhole`. */
export type BoundSource = { readonly name: string; readonly prefix: string; readonly isWhole?: true };

/**
 * Both in their normal forms, in which `/x/../shop` is `/shop` and `/shop/../evil` is `/evil`. Whether a source is the prefix itself or lies below it: what follows must begin with `/`, `?` or `#`, or the prefix
 * end with one of them, so that `/shop` is not `/shopping`. A colon does it as well, as in `urn:shop:7`, but not where
 * it could begin a password or port of a host: `https://shop` is not `https://shop:x@evil`.
 */
const covers = (prefix: string, source: string): boolean => {
  if (source === prefix) return true;
  if (!source.startsWith(prefix)) return false;
  const ends = prefix.includes("//") ? /[/?#]/ : /[/?#:]/;
  return ends.test(prefix.slice(-1)) || ends.test(source[prefix.length] as string);
};

/**
 * Which sources the events of a key may have.
 *
 * A key with bound sources sends nothing else. A key without any sends what it likes, but nothing that is bound to
 * another. The default source is `/name`, and where the key may not send that, the first that is bound to it.
 */
export const createKeySources = (sources: readonly BoundSource[]) => {
  const bound = sources.map((each) => ({ ...each, form: normalSource(each.prefix) }));
  const boundTo = new Map(bound.map(({ name }) => [name, bound.filter((each) => each.name === name)]));
  /** Why the key of this name may not send events of this source, in words for its owner; null when it may. */
  const refusal = (name: string, source: string): string | null => {
    if (bound.length === 0) return null;
    const own = boundTo.get(name);
    const form = normalSource(source);
    const covering = (own ?? bound).some(({ isWhole, form: each }) => (isWhole ? each === form : covers(each, form)));
    if (own === undefined) return covering ? "this source is bound to another key" : null;
    return covering ? null : `the key ${name} may send only ${own.map(({ prefix }) => prefix).join(", ")}`;
  };
  return {
    refusal,
    /** Of events that name none. */
    defaultOf: (name: string): string => {
      const first = boundTo.get(name)?.[0];
      return first === undefined || refusal(name, `/${name}`) === null ? `/${name}` : first.prefix;
    },
  };
};
