import { type Node, type Schema, targetOf } from "./dialect.ts";
import { FAULTS_MAX, type Fault, step } from "./fault.ts";
import { readPattern } from "./pattern.ts";

/** Where a value stands; made into a pointer only when it is at fault. */
type Place = { readonly above: Place | null; readonly name: string };

/** One check. `faults` is null where it is only asked whether they are: in the branches of `anyOf`, `oneOf` and `not`. */
export type Run = { left: number; faults: Fault[] | null };

export type Test = (value: unknown, place: Place | null, run: Run) => boolean;

const POINTER_LENGTH_MAX = 256;

const pointerOf = (place: Place | null): string => {
  let pointer = "";
  for (let at = place; at !== null && pointer.length < POINTER_LENGTH_MAX; at = at.above)
    pointer = step(at.name) + pointer;
  return pointer.length > POINTER_LENGTH_MAX ? `…${pointer.slice(-POINTER_LENGTH_MAX)}` : pointer;
};

const fail = (run: Run, place: Place | null, detail: string): false => {
  if (run.faults !== null && run.faults.length < FAULTS_MAX) run.faults.push({ pointer: pointerOf(place), detail });
  return false;
};

/** Whether there is nothing more to say. */
const isOver = ({ faults, left }: Run): boolean => faults === null || faults.length >= FAULTS_MAX || left < 0;

type Members = { readonly [name: string]: unknown };
const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isArray = (value: unknown): value is readonly unknown[] => Array.isArray(value);

export const isOfType = (value: unknown, type: unknown): boolean => {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    default:
      return typeof value === type;
  }
};

/** Whether a text has so many characters at least; those beyond the Basic Multilingual Plane are one each. */
const hasCharacters = (text: string, least: number, run: Run): boolean => {
  if (text.length < least) return false;
  if (text.length >= 2 * least) return true;
  run.left -= text.length;
  let count = 0;
  for (const _ of text) count++;
  return count >= least;
};

type Rule = (value: unknown, place: Place | null, run: Run) => boolean;
type Compile = (node: Node) => Test;

const of = <T>(is: (value: unknown) => value is T, holds: (value: T, run: Run) => boolean, detail: string): Rule => {
  return (value, place, run) => !is(value) || holds(value, run) || fail(run, place, detail);
};
const isNumber = (value: unknown): value is number => typeof value === "number";
const isText = (value: unknown): value is string => typeof value === "string";

/** Rules that look at a value without going into it, by their keyword. */
const plainRules: Readonly<Record<string, (wanted: never) => Rule>> = {
  type: (wanted: string | readonly string[]): Rule => {
    const all = typeof wanted === "string" ? [wanted] : wanted;
    const detail = `must be ${all.join(" or ")}`;
    return (value, place, run) => all.some((type) => isOfType(value, type)) || fail(run, place, detail);
  },
  enum: (wanted: readonly unknown[]): Rule => {
    const all = new Set(wanted);
    return (value, place, run) => all.has(value) || fail(run, place, "is none of the values that are allowed");
  },
  const: (wanted: unknown): Rule => {
    return (value, place, run) => value === wanted || fail(run, place, "is not the value that is allowed");
  },
  minimum: (least: number) => of(isNumber, (value) => value >= least, `must be at least ${least}`),
  maximum: (most: number) => of(isNumber, (value) => value <= most, `must be at most ${most}`),
  exclusiveMinimum: (least: number) => of(isNumber, (value) => value > least, `must be more than ${least}`),
  exclusiveMaximum: (most: number) => of(isNumber, (value) => value < most, `must be less than ${most}`),
  multipleOf: (by: number) => of(isNumber, (value) => value % by === 0, `must be a multiple of ${by}`),
  minLength: (least: number) =>
    of(isText, (text, run) => hasCharacters(text, least, run), `must have at least ${least} characters`),
  maxLength: (most: number) =>
    of(isText, (text, run) => !hasCharacters(text, most + 1, run), `must have at most ${most} characters`),
  minItems: (least: number) => of(isArray, ({ length }) => length >= least, `must have at least ${least} items`),
  maxItems: (most: number) => of(isArray, ({ length }) => length <= most, `must have at most ${most} items`),
  minProperties: (least: number) =>
    of(isObject, (value) => Object.keys(value).length >= least, `must have at least ${least} members`),
  maxProperties: (most: number) =>
    of(isObject, (value) => Object.keys(value).length <= most, `must have at most ${most} members`),
  pattern: (text: string): Rule => {
    const pattern = readPattern(text);
    if (pattern.kind === "refused") throw new Error("a schema that was read has patterns that can be");
    const { expression, looks } = pattern;
    const holds = (value: string, run: Run): boolean => {
      // Eight looks of the engine take as long as one of our steps.
      run.left -= looks(value.length) >> 3;
      return run.left >= 0 && expression.test(value);
    };
    return of(isText, holds, "does not match the pattern");
  },
  required: (names: readonly string[]): Rule => {
    return (value, place, run) => {
      if (!isObject(value)) return true;
      let isRight = true;
      for (const name of names) {
        run.left--;
        if (Object.hasOwn(value, name)) continue;
        isRight = fail(run, { above: place, name }, "is required");
        if (isOver(run)) return false;
      }
      return isRight;
    };
  },
};

/** `properties` and `additionalProperties` are one look at each member. */
const membersRule = (properties: Members, additional: Node | undefined, compile: Compile): Rule => {
  const known = new Map(Object.entries(properties).map(([name, node]) => [name, compile(node as Node)]));
  const others = additional === undefined || additional === true ? null : compile(additional);
  const isClosed = additional === false;
  return (value, place, run) => {
    if (!isObject(value)) return true;
    let isRight = true;
    for (const name of Object.keys(value)) {
      run.left--;
      const test = known.get(name) ?? others;
      if (test === null) continue;
      const at = { above: place, name };
      const holds = isClosed && test === others ? fail(run, at, "is not allowed") : test(value[name], at, run);
      isRight = holds && isRight;
      if (!isRight && isOver(run)) return false;
    }
    return isRight;
  };
};

const itemsRule = (items: Node, compile: Compile): Rule => {
  const test = compile(items);
  return (value, place, run) => {
    if (!isArray(value)) return true;
    let isRight = true;
    for (let i = 0; i < value.length; i++) {
      isRight = test(value[i], { above: place, name: String(i) }, run) && isRight;
      if (!isRight && isOver(run)) return false;
    }
    return isRight;
  };
};

/** How many of the tests hold, up to two. */
const holding = (tests: readonly Test[], value: unknown, run: Run): number => {
  const { faults } = run;
  run.faults = null;
  let count = 0;
  for (const test of tests) if (count < 2 && test(value, null, run)) count++;
  run.faults = faults;
  return count;
};

const combinationRules = (node: { readonly [keyword: string]: unknown }, compile: Compile): readonly Rule[] => {
  const testsOf = (keyword: string) => (node[keyword] as readonly Node[] | undefined)?.map(compile);
  const [any, one] = [testsOf("anyOf"), testsOf("oneOf")];
  const not = node.not === undefined ? undefined : compile(node.not as Node);
  const rules: Rule[] = [...(testsOf("allOf") ?? [])];
  if (any)
    rules.push(
      (value, place, run) => holding(any, value, run) > 0 || fail(run, place, "fits none of its alternatives"),
    );
  if (one)
    rules.push(
      (value, place, run) => holding(one, value, run) === 1 || fail(run, place, "does not fit one alternative"),
    );
  if (not) rules.push((value, place, run) => holding([not], value, run) === 0 || fail(run, place, "is not allowed"));
  return rules;
};

/** A function for each schema of a document, made once: no text is ever run as code. */
const compileSchema = ({ root, nodes }: Schema): Test => {
  const made = new Map<Node, Test>();
  const compile: Compile = (node) => {
    if (typeof node === "boolean")
      return (_, place, run) => --run.left >= 0 && (node || fail(run, place, "is not allowed"));
    const known = made.get(node);
    if (known !== undefined) return known;
    let rules: readonly Rule[] = [];
    const test: Test = (value, place, run) => {
      if (--run.left < 0) return false;
      let isRight = true;
      for (const rule of rules) {
        isRight = rule(value, place, run) && isRight;
        if (!isRight && isOver(run)) return false;
      }
      return isRight;
    };
    // Before its rules are made: one of them may lead back here.
    made.set(node, test);
    rules = rulesOf(node, compile);
    return test;
  };
  const rulesOf = (node: Exclude<Node, boolean>, compile: Compile): readonly Rule[] => {
    const { properties, additionalProperties, items, $ref } = node;
    const rules = Object.entries(plainRules).flatMap(([keyword, make]) =>
      node[keyword] === undefined ? [] : [make(node[keyword] as never)],
    );
    if (properties !== undefined || additionalProperties !== undefined)
      rules.push(membersRule((properties ?? {}) as Members, additionalProperties as Node | undefined, compile));
    if (items !== undefined) rules.push(itemsRule(items as Node, compile));
    if (typeof $ref === "string") rules.push(compile(nodes.get(targetOf($ref)) as Node));
    return [...rules, ...combinationRules(node, compile)];
  };
  return compile(root);
};

/** What data breaks of a schema, ten faults at most, with pointers that begin with `at`. Empty: nothing. */
export type Check = (data: unknown, bytes: number, at?: string) => readonly Fault[];

const STEPS_PER_BYTE = 4;
const STEPS_FREE = 10_000;

/**
 * A check takes a number of steps for each byte of the data at most, whatever the schema says: what needs more is a fault. A schema may ask the same
 * value many times, and with references twice for each level (S1).
 */
export const createCheck = (schema: Schema): Check => {
  const test = compileSchema(schema);
  return (data, bytes, at = "") => {
    const run: Run = { left: STEPS_FREE + STEPS_PER_BYTE * bytes, faults: [] };
    const holds = test(data, null, run);
    if (run.left < 0) return [{ pointer: at, detail: "checking it takes too many steps" }];
    return holds ? [] : (run.faults ?? []).map(({ pointer, detail }) => ({ pointer: at + pointer, detail }));
  };
};
