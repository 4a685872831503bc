import { describe, expect, test } from "vitest";
import { incompatibilities } from "./compatibility.ts";
import { schemaOf } from "./schema.fixture.ts";

const faults = (before: unknown, after: unknown) => incompatibilities(schemaOf(before), schemaOf(after));
const text = { type: "string" };
const object = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });
const order = object({ total: { type: "number" }, by: { enum: ["card", "cash"] } }, { required: ["total"] });

describe("taken", () => {
  test.each<[string, unknown, unknown]>([
    ["the same", order, order],
    ["a field added", order, object({ ...order.properties, note: text }, { required: ["total"] })],
    [
      "a field added to a closed object",
      object({}, { additionalProperties: false }),
      object({ a: text }, { additionalProperties: false }),
    ],
    ["other words about it", order, { ...order, title: "An order", description: "x", $id: "https://x.example/order" }],
    ["required no more", order, object(order.properties)],
    ["an enum that grows", { enum: ["a"] }, { enum: ["b", "a"] }],
    ["a const that becomes an enum", { const: 1 }, { enum: [1, 2] }],
    ["an enum that names the type of its values", { enum: ["a", "b"] }, { type: "string", enum: ["a", "b"] }],
    ["an integer that becomes a number", { type: "integer" }, { type: "number" }],
    ["null allowed, too", text, { type: ["string", "null"] }],
    ["bounds that are wider", { type: "number", minimum: 1, maximum: 5 }, { type: "number", minimum: 0, maximum: 6 }],
    ["a bound that loses its own value's exclusion", { exclusiveMinimum: 3 }, { minimum: 3 }],
    ["a bound that was beyond it", { minimum: 5 }, { exclusiveMinimum: 3 }],
    ["bounds that go", { minLength: 1, maxItems: 3, multipleOf: 4, pattern: "^a" }, {}],
    ["a multiple of less", { multipleOf: 6 }, { multipleOf: 3 }],
    ["a minimum of none", text, { type: "string", minLength: 0 }],
    ["a closed object that opens", object({}, { additionalProperties: false }), object({})],
    [
      "a reference in the place of what it leads to",
      object({ a: text }),
      { ...object({ a: { $ref: "#/$defs/t" } }), $defs: { t: text } },
    ],
    [
      "a tree of itself",
      { $ref: "#/$defs/n", $defs: { n: object({ next: { $ref: "#/$defs/n" } }) } },
      { $ref: "#/$defs/n", $defs: { n: object({ next: { $ref: "#/$defs/n" }, more: text }) } },
    ],
    ["the same alternatives", { anyOf: [text, { type: "null" }] }, { anyOf: [text, { type: "null" }] }],
    ["what allows anything now", text, true],
    ["what allowed nothing", false, text],
  ])("%s", (_, before, after) => expect(faults(before, after)).toEqual([]));
});

describe("refused, with the place and the reason", () => {
  const defs = (t: object) => ({ anyOf: [{ $ref: "#/$defs/t" }], $defs: { t } });
  test.each<[string, unknown, unknown, string, RegExp]>([
    [
      "a field removed",
      order,
      object({ total: { type: "number" } }, { required: ["total"] }),
      "/properties/by",
      /removed/,
    ],
    [
      "a type changed",
      object({ a: text }),
      object({ a: { type: "integer" } }),
      "/properties/a/type",
      /allowed string before/,
    ],
    ["a type narrowed", { type: ["string", "null"] }, text, "/type", /null/],
    ["a type narrowed from anything", {}, text, "/type", /changed/],
    ["a number that becomes an integer", { type: "number" }, { type: "integer" }, "/type", /number/],
    ["required newly", order, { ...order, required: ["total", "by"] }, "/required", /"by" was not required/],
    ["a new field that is required", object({}), object({ a: text }, { required: ["a"] }), "/required", /"a"/],
    [
      "an enum narrowed",
      order,
      object({ ...order.properties, by: { enum: ["card"] } }, { required: ["total"] }),
      "/properties/by/enum",
      /not any more/,
    ],
    ["an enum added", text, { type: "string", enum: ["a"] }, "/enum", /not any more/],
    ["a const in the place of an enum", { enum: [1, 2] }, { const: 1 }, "/const", /not any more/],
    [
      "an object closed",
      object({ a: text }),
      object({ a: text }, { additionalProperties: false }),
      "/additionalProperties",
      /not any more/,
    ],
    [
      "other members of one type only",
      object({}),
      object({}, { additionalProperties: text }),
      "/additionalProperties/type",
      /changed/,
    ],
    [
      "a field of another type than other members had",
      object({}, { additionalProperties: text }),
      object({ a: { type: "integer" } }, { additionalProperties: text }),
      "/properties/a/type",
      /string/,
    ],
    [
      "in a nested object",
      object({ a: object({ b: text }) }),
      object({ a: object({}) }),
      "/properties/a/properties/b",
      /removed/,
    ],
    [
      "in an array",
      { type: "array", items: text },
      { type: "array", items: { type: "integer" } },
      "/items/type",
      /string/,
    ],
    ["items that were any", { type: "array" }, { type: "array", items: text }, "/items/type", /changed/],
    ["a name with a slash", object({ "a/~": text }), object({}), "/properties/a~1~0", /removed/],
    [
      "behind a reference",
      { ...object({ a: { $ref: "#/$defs/t" } }), $defs: { t: text } },
      { ...object({ a: { $ref: "#/$defs/t" } }), $defs: { t: { type: "null" } } },
      "/properties/a/type",
      /string/,
    ],
    [
      "in a tree of itself",
      { $ref: "#/$defs/n", $defs: { n: object({ v: text, n: { $ref: "#/$defs/n" } }) } },
      { $ref: "#/$defs/n", $defs: { n: object({ v: { type: "null" }, n: { $ref: "#/$defs/n" } }) } },
      "/properties/v/type",
      /string/,
    ],
    ["a least that is more", { minimum: 1 }, { minimum: 2 }, "/minimum", /narrower/],
    ["a bound added", {}, { maximum: 2 }, "/maximum", /narrower/],
    ["a bound that excludes its own value", { minimum: 3 }, { exclusiveMinimum: 3 }, "/exclusiveMinimum", /narrower/],
    ["a length", { maxLength: 9 }, { maxLength: 8 }, "/maxLength", /narrower/],
    ["a least number of items", {}, { minItems: 1 }, "/minItems", /narrower/],
    ["multiples of more", { multipleOf: 3 }, { multipleOf: 6 }, "/multipleOf", /narrower/],
    ["a pattern", { pattern: "^a" }, { pattern: "^b" }, "/pattern", /cannot be judged/],
    ["a format that is another", { format: "date" }, { format: "email" }, "/format", /something else/],
    ["alternatives that are others", { anyOf: [text] }, { anyOf: [text, { type: "null" }] }, "", /cannot be judged/],
    [
      "alternatives where there were none",
      object({}),
      { ...object({}), oneOf: [{ required: ["a"] }] },
      "",
      /cannot be judged/,
    ],
    ["what an alternative leads to", defs(text), defs({ type: "null" }), "", /cannot be judged/],
    [
      "in an alternative, a field called as a keyword",
      { anyOf: [object({ title: text })] },
      { anyOf: [object({ title: { type: "null" } })] },
      "",
      /cannot be judged/,
    ],
    [
      "in an alternative, a field called $ref",
      { anyOf: [object({ $ref: text })] },
      { anyOf: [object({ $ref: { type: "null" } })] },
      "",
      /cannot be judged/,
    ],
    ["nothing allowed any more", text, false, "", /nothing is allowed/],
  ])("%s", (_, before, after, pointer, detail) => {
    expect(faults(before, after)).toEqual([{ pointer, detail: expect.stringMatching(detail) }]);
  });

  test("ten at most", () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, text]));
    expect(faults(object(many), object({}))).toHaveLength(10);
  });
});
