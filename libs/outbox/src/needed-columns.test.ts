import * as schema from "@spillway/drizzle/schema";
import { getTableColumns, getTableName, is, type Table } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import { expect, test } from "vitest";
import { neededColumns } from "./needed-columns.ts";

/** What the dashboard alone draws, and makes do without. */
const unneeded = new Set(["flow_history", "standing_troubles"]);

test("what is needed of Postgres is what the schema has", () => {
  const tables = Object.values<unknown>(schema).filter((table): table is Table => is(table, PgTable));
  const needed = tables
    .filter((table) => !unneeded.has(getTableName(table)))
    .map((table) => [getTableName(table), Object.values(getTableColumns(table)).map(({ name }) => name)]);
  expect(
    Object.fromEntries(Object.entries(neededColumns).map(([table, columns]) => [table, columns.split(" ")])),
    "write a table's columns into needed-columns.ts, in their order",
  ).toEqual(Object.fromEntries(needed));
});
