/* What stands in more than one query. A query takes the texts in with `sql.unsafe`. */

/**
 * An expression for the RETURNING or the SELECT of a statement whose commit must be on disk before it is answered,
 * whatever the server's default is (`off` lost 14 of 16,349 acknowledged rows). Stronger settings stay as they are.
 */
export const durableCommit =
  "case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', true) end";

/** A moment as the ports tell it: milliseconds since 1970. */
export const epochMs = (column: string): string => `extract(epoch from ${column})::float8 * 1000`;

/**
 * The value of a parameter that is cast to an array, as in `${arrayOf(ids)}::bigint[]`: postgres.js itself writes arrays
 * only of types that it asked the server for. One text for any number of values, so one prepared statement.
 */
export const arrayOf = (values: readonly (string | number | null)[]): string => {
  const quoted = (value: string | number) => `"${String(value).replace(/["\\]/g, "\\$&")}"`;
  return `{${values.map((value) => (value === null ? "null" : quoted(value))).join()}}`;
};
