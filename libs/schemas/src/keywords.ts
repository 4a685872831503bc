/** What a keyword's value has to be. */
export type Form =
  | "annotation"
  | "types"
  | "scalar"
  | "scalars"
  | "names"
  | "schema"
  | "schemas"
  | "named schemas"
  | "count"
  | "number"
  | "divisor"
  | "pattern"
  | "reference"
  | "dialect";

/**
 * Every keyword that is read, as JSON Schema 2020-12 has it. Any other is refused: one that is not read would say something that nobody
 * checks, and of which nobody could say whether a new version narrows it (S2).
 */
export const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ["type", "types"],
  ["enum", "scalars"],
  ["const", "scalar"],
  ["properties", "named schemas"],
  ["required", "names"],
  ["additionalProperties", "schema"],
  ["minProperties", "count"],
  ["maxProperties", "count"],
  ["items", "schema"],
  ["minItems", "count"],
  ["maxItems", "count"],
  ["minLength", "count"],
  ["maxLength", "count"],
  ["pattern", "pattern"],
  ["minimum", "number"],
  ["maximum", "number"],
  ["exclusiveMinimum", "number"],
  ["exclusiveMaximum", "number"],
  ["multipleOf", "divisor"],
  ["allOf", "schemas"],
  ["anyOf", "schemas"],
  ["oneOf", "schemas"],
  ["not", "schema"],
  ["$ref", "reference"],
  ["$defs", "named schemas"],
  ["definitions", "named schemas"],
  ["$schema", "dialect"],
  ...["$id", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"].map(
    (name): [string, Form] => [name, "annotation"],
  ),
  ...["format", "contentMediaType", "contentEncoding"].map((name): [string, Form] => [name, "annotation"]),
]);

export const types = ["null", "boolean", "integer", "number", "string", "array", "object"] as const;
export type Type = (typeof types)[number];

/** Says nothing that data could break. */
export const isSilent = (keyword: string): boolean => {
  const form = forms.get(keyword);
  return form === "annotation" || form === "dialect" || keyword === "$defs" || keyword === "definitions";
};
