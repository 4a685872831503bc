import { FAULTS_MAX, type Fault, step } from "./fault.ts";
import { type Form, forms, types } from "./keywords.ts";
import { readPattern } from "./pattern.ts";

/** A schema as JSON has it. What `readSchema` took has only keywords that are known, with values that they may have. */
export type Node = boolean | { readonly [keyword: string]: unknown };

export type Schema = {
  readonly root: Node;
  /** Every schema of the document, by its JSON pointer. */
  readonly nodes: ReadonlyMap<string, Node>;
};

export const SCHEMA_BYTES_MAX = 64 * 1024;
export const SCHEMA_DEPTH_MAX = 32;

const dialects = /^https?:\/\/json-schema\.org\/(?:draft\/2020-12\/|draft-07\/)schema#?$/;

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): boolean => value === null || ["string", "number", "boolean"].includes(typeof value);
const isListOf = (value: unknown, is: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(is) && new Set(value).size === value.length;
const isType = (value: unknown): boolean => types.some((type) => type === value);
const isText = (value: unknown): value is string => typeof value === "string";

const patternFault = (value: unknown): string | null => {
  const pattern = readPattern(isText(value) ? value : "");
  return pattern.kind === "ok" ? null : pattern.detail;
};

/** What is wrong with the value of a keyword that holds no schemas, or null. */
const valueFault = (form: Form, value: unknown): string | null => {
  const is = (right: boolean, wanted: string) => (right ? null : `is not ${wanted}`);
  switch (form) {
    case "types":
      return is(isType(value) || isListOf(value, isType), `one or several of ${types.join(", ")}`);
    case "scalar":
      return is(isScalar(value), "a string, number, boolean or null: others are not compared");
    case "scalars":
      return is(isListOf(value, isScalar), "a list of different strings, numbers, booleans or null");
    case "names":
      return is(Array.isArray(value) && value.every(isText) && new Set(value).size === value.length, "a list of names");
    case "count":
      return is(Number.isSafeInteger(value) && (value as number) >= 0, "a whole number from 0");
    case "number":
      return is(Number.isFinite(value), "a number");
    case "divisor":
      return is(Number.isSafeInteger(value) && (value as number) > 0, "a whole number from 1: fractions are not exact");
    case "pattern":
      return patternFault(value);
    case "reference":
      return is(isText(value) && value.startsWith("#"), "a reference within the document, such as #/$defs/money");
    case "dialect":
      return is(isText(value) && dialects.test(value), "JSON Schema 2020-12 or draft-07");
    default:
      return null;
  }
};

/** The schemas that a keyword holds, by the end of their pointers; null: its value holds none as it is. */
const childrenOf = (form: Form, value: unknown): readonly (readonly [pointer: string, child: unknown])[] | null => {
  if (form === "schema") return [["", value]];
  if (form === "schemas")
    return Array.isArray(value) && value.length > 0 ? value.map((child, i) => [`/${i}`, child]) : null;
  if (form === "named schemas")
    return isObject(value) ? Object.entries(value).map(([name, child]) => [step(name), child]) : null;
  return [];
};

const isNode = (value: unknown): value is Node => typeof value === "boolean" || isObject(value);

const nodeFault = (node: unknown, depth: number): string | null => {
  if (depth > SCHEMA_DEPTH_MAX) return `nested deeper than ${SCHEMA_DEPTH_MAX} schemas`;
  return isNode(node) ? null : "a schema is an object, true or false";
};

/** Collects the schemas of a document and what is wrong with them. */
const collect = (root: unknown) => {
  const nodes = new Map<string, Node>();
  const faults: Fault[] = [];
  const blame = (pointer: string, detail: string): void => void faults.push({ pointer, detail });
  const visit = (node: unknown, pointer: string, depth: number): void => {
    if (faults.length >= FAULTS_MAX) return;
    const fault = nodeFault(node, depth);
    if (fault !== null) blame(pointer, fault);
    if (!isNode(node) || fault !== null) return;
    nodes.set(pointer, node);
    for (const [keyword, value] of Object.entries(node)) {
      const form = forms.get(keyword);
      const at = pointer + step(keyword);
      if (form === undefined) blame(at, "this keyword is not read here");
      else if (keyword === "$id" && pointer !== "") blame(at, "stands at the root only");
      else {
        const children = childrenOf(form, value);
        const fault = children === null ? "holds no schemas" : valueFault(form, value);
        if (fault !== null) blame(at, fault);
        for (const [end, child] of children ?? []) visit(child, at + end, depth + 1);
      }
    }
  };
  visit(root, "", 1);
  return { nodes, faults };
};

/** Where a `$ref` leads. It is a fragment of a URI. */
export const targetOf = (reference: string): string => {
  try {
    return decodeURIComponent(reference.slice(1));
  } catch {
    // No pointer holds it, so it leads nowhere.
    return reference;
  }
};

const applied = ["allOf", "anyOf", "oneOf", "not"] as const;

/** The pointers of what a schema says of the same value that it is asked about itself. */
const alongside = (node: Node, pointer: string): readonly string[] => {
  if (typeof node === "boolean") return [];
  const { $ref } = node;
  const own = applied.flatMap((keyword) => {
    const value = node[keyword];
    if (value === undefined) return [];
    return Array.isArray(value) ? value.map((_, i) => `${pointer}/${keyword}/${i}`) : [`${pointer}/${keyword}`];
  });
  return typeof $ref === "string" ? [...own, targetOf($ref)] : own;
};

/** References that lead nowhere, or back to themselves without going into the data: asking them would never end. */
const referenceFaults = (nodes: ReadonlyMap<string, Node>): readonly Fault[] => {
  const faults: Fault[] = [];
  const seen = new Map<string, "open" | "closed">();
  const visit = (pointer: string): void => {
    const node = nodes.get(pointer);
    if (node === undefined || seen.has(pointer)) return;
    seen.set(pointer, "open");
    for (const next of alongside(node, pointer)) {
      if (!nodes.has(next)) faults.push({ pointer: `${pointer}/$ref`, detail: "leads to no schema of the document" });
      else if (seen.get(next) === "open")
        faults.push({ pointer, detail: "refers to itself without going into the data" });
      else visit(next);
    }
    seen.set(pointer, "closed");
  };
  for (const pointer of nodes.keys()) visit(pointer);
  return faults.slice(0, FAULTS_MAX);
};

export type ReadSchema =
  | { readonly kind: "ok"; readonly schema: Schema }
  | { readonly kind: "refused"; readonly faults: readonly Fault[] };

/** Reads a schema that has been parsed. Limits come first: of its text, whose bytes are counted by who has them. */
export const readSchema = (root: unknown): ReadSchema => {
  const { nodes, faults } = collect(root);
  const all = faults.length > 0 ? faults.slice(0, FAULTS_MAX) : referenceFaults(nodes);
  return all.length > 0 ? { kind: "refused", faults: all } : { kind: "ok", schema: { root: root as Node, nodes } };
};
