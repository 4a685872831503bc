import type { SchemaMode, SchemaStore, SchemaVersion, TypeSchemas } from "@spillway/event";
import { ask, type Database, durableCommit, STATEMENT_MS, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";

type Row = SchemaVersion & { readonly type: string; readonly mode: SchemaMode };
type PlaceRow = Row & { readonly types: number; readonly bytes: number };
type ChangeRow = Row & { readonly change: number };

/** A row where the type has no version, too: the totals are wanted. Locks: ACCESS SHARE. */
const selectPlace = (sql: Sql, type: string) => sql<PlaceRow[]>`
  select t.mode, v.id, v.version, v.schema, (select count(*)::int from schema_types) as types,
    (select coalesce(sum(octet_length(schema)), 0)::float8 from schema_versions) as bytes
  from (select) as one
  left join schema_types t on t.type = ${type} left join schema_versions v on v.type = t.type
  order by v.version`;

/**
 * What another one has added meanwhile is found by the index. The number is taken first, so that whoever follows sees changes in their order.
 * Locks: the counter's row until the commit, the new version's row, the type's row.
 */
const insertVersion = (
  sql: Sql,
  type: string,
  version: number,
  schema: string,
  mode: SchemaMode | null,
  registeredBy: string,
) => sql<{ id: number }[]>`
  with counter as (update schema_changes set change = change + 1 returning change),
  added as (
    insert into schema_versions (type, version, schema, registered_by)
    select ${type}::text, ${version}::int, ${schema}::text, ${registeredBy}::text from counter
    on conflict (type, version) do nothing returning id),
  typed as (
    insert into schema_types (type, mode, change)
    select ${type}::text, coalesce(${mode}::text, 'warn'), change from counter, added
    on conflict (type) do update set mode = coalesce(${mode}::text, schema_types.mode), change = excluded.change)
  select id, ${sql.unsafe(durableCommit)} from added`;

/** Locks: the counter's row until the commit, the type's row. */
const updateMode = (sql: Sql, type: string, mode: SchemaMode) => sql<{ type: string }[]>`
  with counter as (update schema_changes set change = change + 1 returning change)
  update schema_types set mode = ${mode}, change = counter.change from counter where type = ${type}
  returning type, ${sql.unsafe(durableCommit)}`;

/** A row where nothing was changed, too: its number is wanted. Locks: ACCESS SHARE. */
const selectChanges = (sql: Sql, since: number) => sql<ChangeRow[]>`
  select c.change::float8, t.type, t.mode, v.id, v.version, v.schema
  from schema_changes c left join schema_types t on t.change > ${since}::bigint left join schema_versions v on v.type = t.type
  order by t.type, v.version`;

/** Rows of one type follow each other. */
const byType = (rows: readonly Row[]): readonly TypeSchemas[] => {
  const found: (TypeSchemas & { versions: SchemaVersion[] })[] = [];
  for (const { type, mode, id, version, schema } of rows) {
    if (id === null) continue;
    const last = found.at(-1);
    if (last?.type === type) last.versions.push({ id, version, schema });
    else found.push({ type, mode, versions: [{ id, version, schema }] });
  }
  return found;
};

export const createSchemaStore = ({ database }: { readonly database: Database }): SchemaStore => ({
  place: async (type) => {
    const rows = await ask(database, STATEMENT_MS, (sql) => selectPlace(sql, type));
    const [known = null] = byType(rows.map((row) => ({ ...row, type })));
    return { known, types: rows[0]?.types ?? 0, bytes: rows[0]?.bytes ?? 0 };
  },
  add: async (type, version, schema, mode, registeredBy) => {
    const insert = (sql: Sql) => insertVersion(sql, type, version, schema, mode, registeredBy);
    const [row] = await ask(database, WRITE_MS, insert);
    return row === undefined ? null : { id: row.id };
  },
  setMode: async (type, mode) => (await ask(database, WRITE_MS, (sql) => updateMode(sql, type, mode))).length > 0,
  changesSince: async (change, deadlineMs) => {
    const rows = await ask(database, deadlineMs, (sql) => selectChanges(sql, change));
    return { change: rows[0]?.change ?? 0, changed: byType(rows) };
  },
});
