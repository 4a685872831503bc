import { describe, expect, test } from "vitest";
import { readSchemas, writeEventTypes } from "./schema-types.ts";

const dataOf = (schema: unknown, type = "t"): string => {
  const text = writeEventTypes({ [type]: schema as boolean });
  const [, data] = /export type Events = \{\n {2}readonly "t": (.*);\n\};\n$/.exec(text) ?? [];
  return data ?? text;
};

describe("a schema as a type", () => {
  test.each<[unknown, string]>([
    [true, "unknown"],
    [false, "never"],
    [{}, "unknown"],
    [{ type: "integer", minimum: 0 }, "number"],
    [{ type: ["string", "null"] }, "(string) | (null)"],
    [{ type: ["integer", "number"] }, "number"],
    [{ const: "a" }, '"a"'],
    [{ enum: ["a", 1, null, true] }, '("a") | (1) | (null) | (true)'],
    [{ type: "array", items: { type: "string" } }, "readonly (string)[]"],
    [{ items: { type: ["string", "null"] } }, "readonly ((string) | (null))[]"],
    [{ type: "array" }, "readonly (unknown)[]"],
    [{ type: "object" }, "{ readonly [name: string]: unknown }"],
    [{ type: "object", additionalProperties: false }, "{ readonly [name: string]: never }"],
    [{ additionalProperties: { type: "number" } }, "{ readonly [name: string]: number }"],
    [
      { properties: { total: { type: "number" }, by: { enum: ["card", "cash"] } }, required: ["total", "other"] },
      '{ readonly "total": number; readonly "by"?: ("card") | ("cash"); readonly "other": unknown }',
    ],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "(string) | (null)"],
    [
      { properties: { a: true }, required: ["a"], allOf: [{ properties: { b: { type: "string" } } }] },
      '({ readonly "a": unknown }) & ({ readonly "b"?: string })',
    ],
    [{ not: { type: "string" } }, "unknown"],
  ])("%j is %s", (schema, type) => expect(dataOf(schema)).toBe(type));

  test("what references lead to has a name, and a tree ends", () => {
    const node = { properties: { next: { $ref: "#/$defs/a~1b" } } };
    const text = writeEventTypes({ z: { $ref: "#/$defs/a~1b", $defs: { "a/b": node } }, a: { items: { $ref: "#" } } });
    expect(text.split("\n").slice(1)).toEqual([
      "type Type0 = readonly (Type0)[];",
      'type Type1DefsA1b = { readonly "next"?: Type1DefsA1b };',
      "export type Events = {",
      '  readonly "a": readonly (Type0)[];',
      '  readonly "z": Type1DefsA1b;',
      "};",
      "",
    ]);
  });

  test("places whose letters are the same have names of their own", () => {
    const $defs = { "a-b": { type: "string" }, "a.b": { type: "null" } };
    const text = writeEventTypes({ t: { items: { $ref: "#/$defs/a-b" }, $defs, anyOf: [{ $ref: "#/$defs/a.b" }] } });
    expect(text).toContain("type Type0DefsAB = string;\ntype Type0DefsAB_ = null;");
  });

  test("nothing that a schema or a type says becomes code", () => {
    const evil = '"]; } alert(1); //*/\n`x`';
    const text = writeEventTypes({
      [evil]: { properties: { [evil]: { const: evil } }, $ref: "#/$defs/x", $defs: { x: { enum: [evil] } } },
    });
    const withoutTexts = text.replaceAll(JSON.stringify(evil), "text");
    expect(withoutTexts).not.toMatch(/alert/);
    expect(withoutTexts).toContain("readonly text: ({ readonly text?: text }) & (Type0DefsX);");
  });
});

describe("schemas of an edge", () => {
  const answers: Readonly<Record<string, unknown>> = {
    "http://edge/subjects": ["a/b", "__proto__"],
    "http://edge/subjects/a%2Fb/versions/latest": { schema: '{"type":"string"}' },
    "http://edge/subjects/__proto__/versions/latest": { schema: "true" },
  };
  const asked: string[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("authorization") ?? "");
    return url in answers ? Response.json(answers[url]) : new Response("no", { status: 404 });
  };

  test("are read with the key, the latest of each type", async () => {
    const schemas = await readSchemas({ url: "http://edge/", key: "k", fetch });
    expect(Object.entries(schemas)).toEqual([
      ["a/b", { type: "string" }],
      ["__proto__", true],
    ]);
    expect(new Set(asked)).toEqual(new Set(["Bearer k"]));
  });

  test("that it does not tell are an error with its status", async () => {
    const refused = async () => new Response("{}", { status: 401 });
    await expect(readSchemas({ url: "http://edge", fetch: refused })).rejects.toThrow("GET /subjects: 401 {}");
  });
});
