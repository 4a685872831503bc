import type { SchemaMode, SchemaStore, TypeSchemas } from "@spillway/event";
import type { Outages } from "./outages.ts";

type Kept = TypeSchemas & { readonly change: number };

export type SchemaTable = ReturnType<typeof createSchemaTable>;

/** The tables of schemas: types by their names, and how many changes there were. */
export const createSchemaTable = () => {
  let types = new Map<string, Kept>();
  let change = 0;
  let ids = 0;
  return {
    find: (type: string): Kept | undefined => types.get(type),
    all: (): readonly Kept[] => [...types.values()],
    change: (): number => change,
    newId: (): number => ++ids,
    put: (schemas: TypeSchemas): void => void types.set(schemas.type, { ...schemas, change: ++change }),
    /** All as it is now, and what brings it back. */
    remember: (): (() => void) => {
      const then = { types: new Map(types), change };
      return () => {
        types = new Map(then.types);
        change = then.change;
      };
    },
  };
};

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

export const createSchemas = (table: SchemaTable, outages: Outages): SchemaStore => ({
  place: outages.behind("postgres", (type: string) => {
    const all = table.all();
    const schemas = all.flatMap(({ versions }) => versions.map(({ schema }) => schema));
    const found = table.find(type);
    const known = found === undefined ? null : { type, mode: found.mode, versions: found.versions };
    return { known, types: all.length, bytes: schemas.reduce((sum, schema) => sum + bytesOf(schema), 0) };
  }),
  add: outages.behind("postgres", (type: string, version: number, schema: string, mode: SchemaMode | null) => {
    const known = table.find(type) ?? { mode: "warn", versions: [] };
    if (known.versions.some((one) => one.version === version)) return null;
    const id = table.newId();
    table.put({ type, mode: mode ?? known.mode, versions: [...known.versions, { id, version, schema }] });
    return { id };
  }),
  setMode: outages.behind("postgres", (type: string, mode: SchemaMode) => {
    const known = table.find(type);
    if (known === undefined) return false;
    table.put({ type, mode, versions: known.versions });
    return true;
  }),
  changesSince: outages.behind("postgres", (since: number) => {
    const changed = table.all().filter(({ change }) => change > since);
    return { change: table.change(), changed: changed.map(({ change: _, ...schemas }) => schemas) };
  }),
});
