import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCheck } from "./check.ts";
import { incompatibilities } from "./compatibility.ts";
import { readSchema } from "./dialect.ts";
import { schemaOf } from "./schema.fixture.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`check.test.ts SEED=${seed}`);

const check = (schema: unknown, data: unknown) => createCheck(schemaOf(schema))(data, JSON.stringify(data).length);

/** Schemas that mean what they say to few values each, so that both answers come. */
const schemas = fc.letrec<{ node: unknown }>((tie) => {
  const name = fc.constantFrom("a", "b", "constructor", "__proto__");
  const named = fc.array(fc.tuple(name, tie("node")), { maxLength: 3 }).map((entries) => {
    const own: Record<string, unknown> = Object.create(null);
    for (const [key, value] of entries) own[key] = value;
    return JSON.parse(JSON.stringify(own)) as unknown;
  });
  const small = fc.integer({ min: 0, max: 3 });
  const list = fc.array(tie("node"), { minLength: 1, maxLength: 3 });
  const parts = {
    type: fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object", ["string", "null"]),
    enum: fc.uniqueArray(fc.constantFrom(1, 2, "a", null, true), { minLength: 1 }),
    const: fc.constantFrom(1, "a", null),
    properties: named,
    required: fc.uniqueArray(fc.constantFrom("a", "b")),
    additionalProperties: tie("node"),
    minProperties: small,
    maxProperties: small,
    items: tie("node"),
    minItems: small,
    maxItems: small,
    minLength: small,
    maxLength: small,
    pattern: fc.constantFrom("^a", "^[ab]+$", "^.{2,3}$"),
    minimum: small,
    maximum: small,
    exclusiveMinimum: small,
    exclusiveMaximum: small,
    multipleOf: fc.integer({ min: 1, max: 3 }),
    allOf: list,
    anyOf: list,
    oneOf: list,
    not: tie("node"),
    $ref: fc.constant("#/$defs/t"),
  };
  const keys = Object.keys(parts) as (keyof typeof parts)[];
  const object = fc
    .uniqueArray(fc.constantFrom(...keys), { maxLength: 3 })
    .chain((some) => fc.record(Object.fromEntries(some.map((key) => [key, parts[key] as fc.Arbitrary<unknown>]))))
    .map((node) => JSON.parse(JSON.stringify(node)) as unknown);
  return { node: fc.oneof({ depthSize: "small", maxDepth: 4 }, fc.boolean(), object) };
}).node;

const documents = fc
  .tuple(
    schemas,
    fc.constantFrom({ type: "string" }, { properties: { a: { $ref: "#" } } }, { items: { $ref: "#/$defs/t" } }),
  )
  .map(([node, t]) => ({ ...(typeof node === "boolean" ? { allOf: [node] } : (node as object)), $defs: { t } }))
  // A reference to itself without going into the data is refused.
  .filter((document) => readSchema(document).kind === "ok");

const names = fc.constantFrom("a", "b", "c", "__proto__");
const values = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.constantFrom(null, true, 0, 1, 2, 1.5, "", "a", "ab", "😀", "😀a"),
    fc.array(tie("node"), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie("node")), { maxLength: 3 }).map((entries) => {
      const members = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
      return JSON.parse(`{${members.join()}}`) as unknown;
    }),
  ),
})).node;

describe("what fits", () => {
  test("is what @cfworker/json-schema says: 5,000 schemas, 8 values each", () => {
    let right = 0;
    let wrong = 0;
    const property = fc.property(documents, fc.array(values, { minLength: 8, maxLength: 8 }), (document, all) => {
      const ours = createCheck(schemaOf(document));
      const theirs = new Validator(JSON.parse(JSON.stringify(document)), "2020-12");
      for (const value of all) {
        const isRight = ours(value, 1_000).length === 0;
        if (isRight) right++;
        else wrong++;
        expect(isRight, JSON.stringify({ document, value })).toBe(theirs.validate(value).valid);
      }
    });
    fc.assert(property, { seed, numRuns: 5_000 });
    expect([right > 1_000, wrong > 1_000]).toEqual([true, true]);
  });

  test("a version that is taken takes all that the version before took, but for fields that are added", () => {
    let taken = 0;
    const closed = documents.map((document) => JSON.parse(JSON.stringify(document)) as object);
    const property = fc.property(
      closed,
      closed,
      fc.array(values, { minLength: 8, maxLength: 8 }),
      (one, other, all) => {
        const [before, after] = [schemaOf(one), schemaOf(other)];
        if (incompatibilities(before, after).length > 0 || addsFields(one, other)) return;
        taken++;
        for (const value of all)
          if (createCheck(before)(value, 1_000).length === 0)
            expect(createCheck(after)(value, 1_000), JSON.stringify({ one, other, value })).toEqual([]);
      },
    );
    fc.assert(property, { seed, numRuns: 5_000 });
    expect(taken).toBeGreaterThan(100);
  });
});

/** Whether the one has a property somewhere that the other does not name, but in what may be referred to by nobody: such are taken to be new. */
const addsFields = (before: object, after: object): boolean => {
  const names = (text: string) =>
    new Set([...text.matchAll(/"(a|b|constructor|__proto__)":/g)].map(([, name]) => name));
  const [old, now] = [names(JSON.stringify({ ...before, $defs: {} })), names(JSON.stringify(after))];
  return [...now].some((name) => !old.has(name)) || JSON.stringify(after).split('"properties"').length > 2;
};

describe("what does not fit is told", () => {
  const schema = {
    type: "object",
    properties: { "a/b": { type: "array", items: { type: "integer" } }, total: { type: "number", minimum: 0 } },
    required: ["total"],
    additionalProperties: false,
  };

  test("each with its place, below the one that is given", () => {
    const faults = createCheck(schemaOf(schema))({ "a/b": [1, "x"], other: 1 }, 100, "/data");
    expect(faults).toEqual([
      { pointer: "/data/total", detail: "is required" },
      { pointer: "/data/a~1b/1", detail: "must be integer" },
      { pointer: "/data/other", detail: "is not allowed" },
    ]);
  });

  test("ten at most, in the steps that ten take", () => {
    expect(check({ items: { type: "integer" } }, Array(500).fill("x"))).toHaveLength(10);
  });

  test("nothing of the data is in the words, and a long name is cut", () => {
    const [fault] = check({ additionalProperties: { type: "null" } }, { [`${"n".repeat(5_000)}end`]: "secret" });
    expect(fault?.pointer).toMatch(/^…n+end$/);
    expect(fault?.pointer.length).toBeLessThan(300);
    expect(fault?.detail).not.toContain("secret");
  });

  test("members that every object inherits are not there", () => {
    expect(check({ required: ["constructor", "toString"] }, {})).toHaveLength(2);
    expect(check({ properties: { constructor: { type: "null" } } }, {})).toEqual([]);
    expect(
      check({ properties: JSON.parse('{"__proto__":{"type":"null"}}') }, JSON.parse('{"__proto__":1}')),
    ).toHaveLength(1);
  });

  test("numbers beyond what a double holds are numbers", () => {
    const data = JSON.parse('{"id":12345678901234567890123,"huge":1e400}') as unknown;
    expect(check({ properties: { id: { type: "integer" }, huge: { type: "number" } } }, data)).toEqual([]);
  });
});

describe("steps", () => {
  const nested = (levels: number) => {
    let data: unknown = 1;
    for (let i = 0; i < levels; i++) data = { a: data };
    return data;
  };
  /** Each level is asked about the next one twice. */
  const twice = { anyOf: [1, 2].map(() => ({ allOf: [{ properties: { a: { $ref: "#" } } }, { required: ["b"] }] })) };

  test("of what doubles with each level have an end, and it is told", () => {
    expect(check(twice, nested(60))).toEqual([{ pointer: "", detail: "checking it takes too many steps" }]);
    expect(check({ not: twice }, nested(60))).toEqual([{ pointer: "", detail: "checking it takes too many steps" }]);
  });

  test("are enough for a plain array of a megabyte", () => {
    expect(check({ items: { type: "integer", minimum: 0 } }, Array(500_000).fill(1))).toEqual([]);
  });

  test("are counted for texts and patterns, too", () => {
    const pattern = "^[ab]*[ab]{500}c$";
    const tooMany = [{ pointer: "", detail: "checking it takes too many steps" }];
    expect(check({ pattern }, "a".repeat(500_000))).toEqual(tooMany);
    expect(check({ allOf: Array(20).fill({ maxLength: 600_000 }) }, "a".repeat(700_000))).toEqual(tooMany);
    expect(check({ pattern: "^[A-Z]+-[0-9]{6}$" }, "ORDER-123456")).toEqual([]);
  });
});
