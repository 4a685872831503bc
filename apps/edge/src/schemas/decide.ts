import { type SchemaMode, type SchemaPlace, schemaModes } from "@spillway/event";
import { type Fault, incompatibilities, readSchema, SCHEMA_BYTES_MAX, type Schema } from "@spillway/schemas";
import type { ProblemCode } from "../problem.ts";

export const TYPES_MAX = 1_000;
export const VERSIONS_MAX = 100;
export const ALL_BYTES_MAX = 8 * 1024 * 1024;
const TYPE_LENGTH_MAX = 256;

/** What is asked for: a schema for a type, a mode, or both. */
export type Registration = {
  readonly type: string;
  readonly mode: SchemaMode | null;
  readonly schema: { readonly text: string; readonly read: Schema } | null;
};

export type Refused = {
  readonly kind: "refused";
  readonly code: ProblemCode;
  readonly detail: string;
  readonly faults: readonly Fault[];
};

const refused = (code: ProblemCode, detail: string, faults: readonly Fault[] = []): Refused => ({
  kind: "refused",
  code,
  detail,
  faults,
});

const members: ReadonlySet<string> = new Set(["type", "mode", "schema"]);

/** As an event has it: no control characters, and short enough for an address. */
const isType = (value: unknown): value is string =>
  typeof value === "string" && value.length <= TYPE_LENGTH_MAX && /^\P{C}+$/u.test(value);

/** The bytes of a text in UTF-8. */
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** What a body asks for, or what is wrong with it. */
export const readRegistration = (body: unknown): { readonly kind: "ok"; readonly asked: Registration } | Refused => {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return refused("invalid_schema", 'send an object: {"type", "schema", "mode"}');
  const { type, mode = null, schema } = body as Readonly<Record<string, unknown>>;
  const wrong: Fault[] = Object.keys(body)
    .filter((name) => !members.has(name))
    .map((name) => ({ pointer: `/${name.slice(0, 64)}`, detail: "is none of type, schema, mode" }));
  if (!isType(type))
    wrong.push({ pointer: "/type", detail: `a type of events, of ${TYPE_LENGTH_MAX} characters at most` });
  const known = schemaModes.find((one) => one === mode) ?? null;
  if (mode !== null && known === null) wrong.push({ pointer: "/mode", detail: `is none of ${schemaModes.join(", ")}` });
  if (schema === undefined && known === null) wrong.push({ pointer: "/schema", detail: "a schema, a mode, or both" });
  if (wrong.length > 0 || !isType(type))
    return refused("invalid_schema", "this cannot be registered", wrong.slice(0, 10));
  if (schema === undefined) return { kind: "ok", asked: { type, mode: known, schema: null } };
  const text = JSON.stringify(schema);
  if (bytesOf(text) > SCHEMA_BYTES_MAX)
    return refused("invalid_schema", `a schema has ${SCHEMA_BYTES_MAX} bytes at most`);
  const read = readSchema(schema);
  if (read.kind === "refused") {
    const faults = read.faults.map(({ pointer, detail }) => ({ pointer: `/schema${pointer}`, detail }));
    return refused("invalid_schema", "the schema says what is not read here, or what no schema says", faults);
  }
  return { kind: "ok", asked: { type, mode: known, schema: { text, read: read.schema } } };
};

export type Decision =
  | Refused
  | { readonly kind: "add"; readonly version: number }
  /** It is there: this version of it. */
  | { readonly kind: "there"; readonly id: number; readonly version: number };

/** What is done with a schema, by what its type has. */
export const decide = (schema: NonNullable<Registration["schema"]>, { known, types, bytes }: SchemaPlace): Decision => {
  const versions = known?.versions ?? [];
  const there = versions.find((one) => one.schema === schema.text);
  if (there !== undefined) return { kind: "there", id: there.id, version: there.version };
  if (known === null && types >= TYPES_MAX)
    return refused("too_many_schemas", `there are ${TYPES_MAX} types with schemas`);
  if (versions.length >= VERSIONS_MAX)
    return refused("too_many_schemas", `the type has ${VERSIONS_MAX} versions: give a new one to a new type`);
  if (bytes + bytesOf(schema.text) > ALL_BYTES_MAX)
    return refused("too_many_schemas", `all schemas together have ${ALL_BYTES_MAX} bytes at most`);
  const latest = versions.at(-1);
  if (latest === undefined) return { kind: "add", version: 1 };
  const before = readSchema(JSON.parse(latest.schema));
  if (before.kind === "refused")
    return refused(
      "incompatible_schema",
      `version ${latest.version} cannot be read by this edge, so nothing is known of what may follow`,
    );
  const faults = incompatibilities(before.schema, schema.read).map(({ pointer, detail }) => ({
    pointer: `/schema${pointer}`,
    detail,
  }));
  return faults.length > 0
    ? refused("incompatible_schema", `version ${latest.version} may not be followed by this one`, faults)
    : { kind: "add", version: latest.version + 1 };
};
