/** A JSON Schema, as an edge took it: only the keywords that libs/schemas reads are in it. */
type Node = boolean | { readonly [keyword: string]: unknown };

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A text as TypeScript writes it, whatever is in it. */
const literal = (value: unknown): string => JSON.stringify(value);

const joined = (parts: readonly string[], sign: "&" | "|"): string => {
  const different = [...new Set(parts)];
  return different.length === 1 ? (different[0] as string) : different.map((part) => `(${part})`).join(` ${sign} `);
};

/** Letters and digits of a text, each word with a capital. */
const wordsOf = (text: string): string =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");

const decoded = (reference: string): readonly string[] =>
  decodeURIComponent(reference.slice(1))
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** Writes the types of one document. What references lead to has a name of its own, so that a tree ends. */
class Writer {
  readonly #root: Node;
  readonly #nameOf: (pointer: string) => string;
  /** By the references that lead there. */
  readonly #names = new Map<string, string>();
  /** What they lead to, as it was found. */
  readonly named: string[] = [];

  constructor(root: Node, nameOf: (pointer: string) => string) {
    this.#root = root;
    this.#nameOf = nameOf;
  }

  #referred(reference: string): string {
    const known = this.#names.get(reference);
    if (known !== undefined) return known;
    const taken = new Set(this.#names.values());
    let name = this.#nameOf(reference);
    while (taken.has(name)) name += "_";
    // Before it is written: it may lead back here.
    this.#names.set(reference, name);
    const node = decoded(reference).reduce<unknown>(
      (at, part) => (Array.isArray(at) ? at[Number(part)] : isObject(at) ? at[part] : true),
      this.#root,
    );
    this.named.push(`type ${name} = ${this.typeOf(node as Node)};`);
    return name;
  }

  typeOf(node: Node): string {
    if (typeof node === "boolean") return node ? "unknown" : "never";
    const { const: only, enum: some, $ref, allOf, anyOf, oneOf } = node;
    const parts: string[] = [];
    if (only !== undefined) parts.push(literal(only));
    else if (Array.isArray(some)) parts.push(joined(some.map(literal), "|"));
    else parts.push(...this.#byType(node));
    if (typeof $ref === "string") parts.push(this.#referred($ref));
    if (Array.isArray(allOf)) parts.push(...allOf.map((each) => this.typeOf(each)));
    for (const all of [anyOf, oneOf])
      if (Array.isArray(all))
        parts.push(
          joined(
            all.map((each) => this.typeOf(each)),
            "|",
          ),
        );
    const said = parts.filter((part) => part !== "unknown");
    return said.length === 0 ? "unknown" : joined(said, "&");
  }

  #byType(node: { readonly [keyword: string]: unknown }): readonly string[] {
    const { type, properties, required, additionalProperties, items } = node;
    const saysMembers = [properties, required, additionalProperties].some((said) => said !== undefined);
    const types = type === undefined ? [] : [type].flat();
    // Without a type other values fit, too; who describes members means an object.
    if (types.length === 0) return saysMembers ? [this.#object(node)] : items === undefined ? [] : [this.#array(node)];
    const one = (name: unknown): string => {
      if (name === "object") return this.#object(node);
      if (name === "array") return this.#array(node);
      return name === "integer" ? "number" : String(name);
    };
    return [joined(types.map(one), "|")];
  }

  #array({ items = true }: { readonly [keyword: string]: unknown }): string {
    return `readonly (${this.typeOf(items as Node)})[]`;
  }

  #object({ properties, required, additionalProperties }: { readonly [keyword: string]: unknown }): string {
    const needed: readonly unknown[] = Array.isArray(required) ? required : [];
    const known = isObject(properties) ? properties : {};
    const names = [...new Set([...Object.keys(known), ...needed.map(String)])];
    const members = names.map((name) => {
      const type = Object.hasOwn(known, name) ? this.typeOf(known[name] as Node) : "unknown";
      return `readonly ${literal(name)}${needed.includes(name) ? "" : "?"}: ${type}`;
    });
    // An index says nothing where it must cover the known members, too.
    if (members.length > 0) return `{ ${members.join("; ")} }`;
    if (additionalProperties === false) return "{ readonly [name: string]: never }";
    return `{ readonly [name: string]: ${this.typeOf((additionalProperties ?? true) as Node)} }`;
  }
}

/**
 * A TypeScript module with the type `Events`, from types of events to their data: for `createClient<Events>()`. `schemas` are JSON Schemas by their
 * types. What they say of members is told; bounds, patterns and `not` are not. Nothing of a schema becomes code: texts are literals, names letters and digits.
 */
export const writeEventTypes = (schemas: Readonly<Record<string, Node>>): string => {
  const lines: string[] = [];
  const events = Object.keys(schemas)
    .toSorted()
    .map((type, at) => {
      const writer = new Writer(schemas[type] as Node, (pointer) => `${wordsOf(`type ${at} ${pointer}`)}`);
      const data = writer.typeOf(schemas[type] as Node);
      lines.push(...writer.named);
      return `  readonly ${literal(type)}: ${data};`;
    });
  return [
    "/* Written by spillway-types from the schemas of an edge. */",
    ...lines,
    "export type Events = {",
    ...events,
    "};",
    "",
  ].join("\n");
};

export type SchemaSource = {
  /** Of the edge. */
  readonly url: string;
  readonly key?: string;
  /** In place of the runtime's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
};

/** The latest schema of each type that an edge tells. Rejects with its status. */
export const readSchemas = async ({
  url,
  key,
  fetch = globalThis.fetch,
}: SchemaSource): Promise<Record<string, Node>> => {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${url.replace(/\/$/, "")}${path}`, { headers });
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const schemas: Record<string, Node> = {};
  for (const type of await ask<string[]>("/subjects")) {
    const path = `/subjects/${encodeURIComponent(type)}/versions/latest`;
    const { schema } = await ask<{ schema: string }>(path);
    Object.defineProperty(schemas, type, { value: JSON.parse(schema), enumerable: true });
  }
  return schemas;
};
