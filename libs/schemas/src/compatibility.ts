import { isOfType } from "./check.ts";
import { type Node, type Schema, targetOf } from "./dialect.ts";
import { FAULTS_MAX, type Fault, step } from "./fault.ts";
import { isSilent, type Type, types } from "./keywords.ts";

type Keywords = Exclude<Node, boolean>;

/** Nothing is said: anything fits. */
const anything: Keywords = {};
const combining = ["allOf", "anyOf", "oneOf", "not"] as const;
/** Not checked, but a field whose format changes is used for something else. */
const meanings = ["format", "contentMediaType", "contentEncoding"] as const;

/** Follows references that stand alone; one with company stays, and is compared as it is. */
const resolve = (node: Node, { nodes }: Schema): Node => {
  for (let at = node; ; ) {
    if (typeof at === "boolean" || typeof at.$ref !== "string") return at;
    if (Object.keys(at).some((keyword) => keyword !== "$ref" && !isSilent(keyword))) return at;
    at = nodes.get(targetOf(at.$ref)) ?? at;
  }
};

/** All that is allowed, where that is a list. */
const valuesOf = (node: Keywords): readonly unknown[] | null => {
  const list = node.enum as readonly unknown[] | undefined;
  return node.const === undefined ? (list ?? null) : [node.const].filter((value) => list?.includes(value) ?? true);
};

const isObject = (value: unknown): value is Keywords =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A version and what it is compared with. Two schemas are compared once, however often references lead to them. */
class Comparison {
  readonly #before: Schema;
  readonly #after: Schema;
  readonly #seen = new Map<Keywords, Set<Keywords>>();
  readonly faults: Fault[] = [];

  constructor(before: Schema, after: Schema) {
    this.#before = before;
    this.#after = after;
  }

  #blame(pointer: string, detail: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push({ pointer, detail });
  }

  #isNew(one: Keywords, other: Keywords): boolean {
    const others = this.#seen.get(one) ?? new Set();
    if (others.has(other)) return false;
    this.#seen.set(one, others.add(other));
    return true;
  }

  compare(before: Node, after: Node, pointer: string): void {
    const [old, now] = [resolve(before, this.#before), resolve(after, this.#after)];
    if (old === false) return;
    const [was, is] = [old === true ? anything : old, typeof now === "boolean" ? anything : now];
    if (now === false) this.#blame(pointer, "nothing is allowed any more");
    else if (this.#isNew(was, is)) this.#judge(was, is, pointer);
  }

  #judge(was: Keywords, is: Keywords, pointer: string): void {
    if (!this.#combinesAlike(was, is))
      this.#blame(pointer, "its $ref, allOf, anyOf, oneOf or not has changed, which cannot be judged");
    else this.#keywords(was, is, pointer);
  }

  #keywords(was: Keywords, is: Keywords, pointer: string): void {
    this.#types(was, is, pointer);
    this.#values(was, is, pointer);
    this.#bounds(was, is, pointer);
    this.#text(was, is, pointer);
    this.#members(was, is, pointer);
    if (was.items !== undefined || is.items !== undefined)
      this.compare((was.items ?? true) as Node, (is.items ?? true) as Node, `${pointer}/items`);
  }

  #combinesAlike(was: Keywords, is: Keywords): boolean {
    const pairs = new Map<unknown, Set<unknown>>();
    return [...combining, "$ref"].every((keyword) =>
      keyword === "$ref"
        ? this.#same(this.#target(was, this.#before), this.#target(is, this.#after), pairs)
        : this.#same(was[keyword], is[keyword], pairs),
    );
  }

  #target({ $ref }: Keywords, { nodes }: Schema): unknown {
    return typeof $ref === "string" ? nodes.get(targetOf($ref)) : undefined;
  }

  /** Whether two values say the same, references being what they lead to. */
  #same(one: unknown, other: unknown, pairs: Map<unknown, Set<unknown>>): boolean {
    if (Array.isArray(one) && Array.isArray(other))
      return one.length === other.length && one.every((value, i) => this.#same(value, other[i], pairs));
    if (!isObject(one) || !isObject(other)) return one === other;
    const others = pairs.get(one) ?? new Set();
    if (others.has(other)) return true;
    pairs.set(one, others.add(other));
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].every((name) =>
      name === "$ref" && typeof one.$ref === "string" && typeof other.$ref === "string"
        ? this.#same(this.#target(one, this.#before), this.#target(other, this.#after), pairs)
        : this.#same(one[name], other[name], pairs),
    );
  }

  #types(was: Keywords, is: Keywords, pointer: string): void {
    const all = (type: unknown): ReadonlySet<Type> => {
      const list = (type === undefined ? types : [type].flat()) as unknown as readonly Type[];
      return new Set(list.includes("number") ? [...list, "integer"] : list);
    };
    const now = all(is.type);
    if (valuesOf(was)?.every((value) => [...now].some((type) => isOfType(value, type)))) return;
    const missing = [...all(was.type)].filter((type) => !now.has(type));
    // An integer is a number: that goes without saying.
    const gone = missing.filter((type) => type !== "integer" || !missing.includes("number"));
    if (gone.length > 0) this.#blame(`${pointer}/type`, `allowed ${gone.join(", ")} before: the type is changed`);
  }

  #values(was: Keywords, is: Keywords, pointer: string): void {
    const [old, now] = [valuesOf(was), valuesOf(is)];
    if (now === null || old?.every((value) => now.includes(value))) return;
    this.#blame(`${pointer}/${is.const === undefined ? "enum" : "const"}`, "values that were allowed are not any more");
  }

  /** `sign` 1: what it says is the least; -1: the most. */
  #bound(was: Keywords, is: Keywords, keyword: string, sign: 1 | -1, pointer: string, least?: number): void {
    const now = is[keyword] as number | undefined;
    const old = (was[keyword] ?? least) as number | undefined;
    if (now === undefined || (old !== undefined && sign * old >= sign * now)) return;
    this.#blame(`${pointer}/${keyword}`, "is narrower than before");
  }

  #bounds(was: Keywords, is: Keywords, pointer: string): void {
    for (const what of ["Length", "Items", "Properties"]) {
      this.#bound(was, is, `min${what}`, 1, pointer, 0);
      this.#bound(was, is, `max${what}`, -1, pointer);
    }
    for (const [keyword, exclusive, sign] of [
      ["minimum", "exclusiveMinimum", 1],
      ["maximum", "exclusiveMaximum", -1],
    ] as const) {
      // What is beyond a bound is beyond it with the bound itself, too.
      this.#bound({ [keyword]: was[keyword] ?? was[exclusive] }, is, keyword, sign, pointer);
      const [old, now] = [was[keyword], is[exclusive]] as (number | undefined)[];
      const isBeyond = old !== undefined && now !== undefined && sign * old > sign * now;
      if (!isBeyond) this.#bound(was, is, exclusive, sign, pointer);
    }
    const [old, now] = [was.multipleOf as number | undefined, is.multipleOf as number | undefined];
    if (now !== undefined && (old === undefined || old % now !== 0))
      this.#blame(`${pointer}/multipleOf`, "is narrower than before");
  }

  #text(was: Keywords, is: Keywords, pointer: string): void {
    if (is.pattern !== undefined && is.pattern !== was.pattern)
      this.#blame(`${pointer}/pattern`, "has changed, which cannot be judged");
    for (const keyword of meanings)
      if (was[keyword] !== undefined && is[keyword] !== undefined && was[keyword] !== is[keyword])
        this.#blame(`${pointer}/${keyword}`, "has changed: the field is used for something else");
  }

  #members(was: Keywords, is: Keywords, pointer: string): void {
    const [old, now] = [was.properties ?? {}, is.properties ?? {}] as unknown as readonly [Keywords, Keywords];
    const required = (was.required ?? []) as readonly string[];
    for (const name of (is.required ?? []) as readonly string[])
      if (!required.includes(name))
        this.#blame(`${pointer}/required`, `${JSON.stringify(name)} was not required before`);
    const [oldOthers, nowOthers] = [was.additionalProperties ?? true, is.additionalProperties ?? true] as Node[];
    for (const [name, node] of Object.entries(old)) {
      const at = `${pointer}/properties${step(name)}`;
      if (Object.hasOwn(now, name)) this.compare(node as Node, now[name] as Node, at);
      else this.#blame(at, "is removed");
    }
    for (const [name, node] of Object.entries(now))
      if (!Object.hasOwn(old, name) && typeof oldOthers !== "boolean")
        this.compare(oldOthers as Node, node as Node, `${pointer}/properties${step(name)}`);
    if (oldOthers !== false && nowOthers === false)
      this.#blame(`${pointer}/additionalProperties`, "members that were allowed are not any more");
    else if (oldOthers !== nowOthers)
      this.compare(oldOthers as Node, nowOthers as Node, `${pointer}/additionalProperties`);
  }
}

/**
 * Why data of the version before could not be read by one that knows the new version, or why nobody can say, ten faults at most, with pointers into
 * the new version; empty: it can. Fields may be added, and what is allowed may grow. A field that is added to what allowed any is taken to be new: that
 * no event had it with another meaning is for its owner to know.
 */
export const incompatibilities = (before: Schema, after: Schema): readonly Fault[] => {
  const comparison = new Comparison(before, after);
  comparison.compare(before.root, after.root, "");
  return comparison.faults;
};
