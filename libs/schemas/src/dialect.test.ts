import { describe, expect, test } from "vitest";
import { readSchema, SCHEMA_DEPTH_MAX } from "./dialect.ts";

const faults = (root: unknown) => {
  const read = readSchema(root);
  return read.kind === "ok" ? [] : read.faults;
};
const nested = (depth: number): unknown => (depth === 1 ? {} : { items: nested(depth - 1) });

describe("a schema", () => {
  test.each<[string, unknown]>([
    ["of everything", true],
    ["of a property called as a keyword that is not read", { properties: { uniqueItems: {}, if: true } }],
    ["of 2020-12", { $schema: "https://json-schema.org/draft/2020-12/schema", $id: "https://x.example/a" }],
    ["of draft-07", { $schema: "http://json-schema.org/draft-07/schema#", definitions: { a: {} } }],
    ["of a tree", { items: { $ref: "#" } }],
    ["with a reference that is percent-encoded", { $ref: "#/$defs/a%20b~1", $defs: { "a b/": {} } }],
    ["as deep as it may be", nested(SCHEMA_DEPTH_MAX)],
  ])("%s is read", (_, root) => expect(faults(root)).toEqual([]));

  test.each<[string, unknown, string, RegExp]>([
    ["that is none", [], "", /an object, true or false/],
    ["with a keyword that nobody reads", { items: { uniqueItems: true } }, "/items/uniqueItems", /not read/],
    ["with a misspelled keyword", { propertys: {} }, "/propertys", /not read/],
    ["with __proto__ for a keyword", JSON.parse('{"__proto__":{}}'), "/__proto__", /not read/],
    ["with a type that is none", { type: "text" }, "/type", /one or several of null/],
    ["with no type", { type: [] }, "/type", /one or several/],
    ["with values that are not compared", { enum: [{}] }, "/enum", /strings, numbers/],
    ["with one value twice", { enum: [1, 1] }, "/enum", /different/],
    ["with a name that is required twice", { required: ["a", "a"] }, "/required", /names/],
    ["with less than nothing", { minLength: -1 }, "/minLength", /whole number from 0/],
    ["with a multiple of a fraction", { multipleOf: 0.01 }, "/multipleOf", /not exact/],
    ["with a list for one", { items: [{}] }, "/items", /an object, true or false/],
    ["with no alternatives", { anyOf: [] }, "/anyOf", /holds no schemas/],
    ["with members that are none", { properties: { a: 1 } }, "/properties/a", /an object, true or false/],
    ["that refers elsewhere", { $ref: "https://x.example/a" }, "/$ref", /within the document/],
    ["that refers to nothing", { $ref: "#/$defs/a" }, "/$ref", /leads to no schema/],
    ["that refers to a badly encoded place", { $ref: "#/%" }, "/$ref", /leads to no schema/],
    ["that refers into what is no schema", { $ref: "#/default", default: {} }, "/$ref", /leads to no schema/],
    ["that refers to itself", { $ref: "#" }, "", /refers to itself/],
    [
      "that refers to itself in two steps",
      { anyOf: [{ $ref: "#/$defs/a" }], $defs: { a: { not: { $ref: "#" } } } },
      "/$defs/a/not",
      /itself/,
    ],
    ["of another dialect", { $schema: "http://json-schema.org/draft-04/schema#" }, "/$schema", /2020-12/],
    ["with a name of its own inside", { items: { $id: "x" } }, "/items/$id", /root only/],
    ["that is too deep", nested(SCHEMA_DEPTH_MAX + 1), "/items".repeat(SCHEMA_DEPTH_MAX), /deeper than 32/],
  ])("%s is refused, with the place", (_, root, pointer, detail) => {
    expect(faults(root)).toEqual([{ pointer, detail: expect.stringMatching(detail) }]);
  });

  test("with much that is wrong is told ten of it", () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, 1]));
    expect(faults(many)).toHaveLength(10);
  });
});

describe("a pattern", () => {
  const refused = (pattern: string) => faults({ pattern }).length > 0;
  test.each([
    "^",
    "^abc",
    "^[A-Z]{2,4}-[0-9]+$",
    "^\\d{4}-\\d{2}-\\d{2}$",
    "^[^@\\s]{1,9}@$",
    "^a\\.b\\$",
    "^[0-9a-f]{8}-[0-9a-f]{4}$",
    "^x.*",
  ])("%s is linear", (pattern) => expect(refused(pattern)).toBe(false));
  test.each([
    "abc",
    "^(a+)+$",
    "^a*a*$",
    "^a+b+$",
    "^a|b",
    "^(?=a)",
    "^\\bx",
    "^(a)\\1",
    "^a{1,}b*",
    "^a{0,99}b{0,99}",
    "^a+?",
    "^a{2}{3}",
    "^[",
    "^a{2,1}",
    "^\\p{L}",
  ])("%s is refused", (pattern) => expect(refused(pattern)).toBe(true));
});
