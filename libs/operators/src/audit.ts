import { ask, type Database, durableCommit, epochMs, STATEMENT_MS, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";

/** Who does what to what, from where, and why. */
export type Deed = {
  readonly actor: string;
  readonly address: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string | null;
};

export type AuditEntry = Deed & {
  readonly id: string;
  readonly atMs: number;
  /** Null: nobody knows whether it was done. */
  readonly result: string | null;
};

const ENTRIES_MAX = 50;
const RESULT_LENGTH_MAX = 500;

/** Locks: the new row. */
const insert = (sql: Sql, { actor, address, action, subject, reason }: Deed) => sql<{ id: string }[]>`
  insert into audit (actor, address, action, subject, reason) values (${actor}, ${address}, ${action}, ${subject}, ${reason})
  returning id, ${sql.unsafe(durableCommit)}`;

/** Locks: the row. */
const conclude = (sql: Sql, id: string, result: string) => sql`
  update audit set result = ${result} where id = ${id} and result is null`;

/** Newest first. Locks: ACCESS SHARE. */
const entries = (sql: Sql, before: string | null) => sql<AuditEntry[]>`
  select id, actor, address, action, subject, reason, result, ${sql.unsafe(epochMs("at"))} as "atMs" from audit
  ${before === null ? sql`` : sql`where id < ${before}`} order by id desc limit ${ENTRIES_MAX + 1}`;

const isEntryId = (id: string): boolean => /^[1-9][0-9]{0,17}$/.test(id);

/** What operators did. Everything rejects with `Unavailable`. */
export const createAudit = ({ database }: { readonly database: Database }) => ({
  /** Before it is done. Answers the id of the row. */
  begin: async (deed: Deed): Promise<string> => {
    const [row] = await ask(database, WRITE_MS, (sql) => insert(sql, deed));
    if (row === undefined) throw new Error("an insert answers its row");
    return row.id;
  },
  /** What came of it, once. */
  end: async (id: string, result: string): Promise<void> => {
    await ask(database, WRITE_MS, (sql) => conclude(sql, id, result.slice(0, RESULT_LENGTH_MAX)));
  },
  /** `older` is the id before which the next page is; null on the last one. */
  page: async (
    before: string | null,
  ): Promise<{ readonly entries: readonly AuditEntry[]; readonly older: string | null }> => {
    const from = before !== null && isEntryId(before) ? before : null;
    const rows = await ask(database, STATEMENT_MS, (sql) => entries(sql, from));
    const shown = rows.slice(0, ENTRIES_MAX);
    return { entries: shown, older: rows.length > ENTRIES_MAX ? (shown.at(-1)?.id ?? null) : null };
  },
});

export type Audit = ReturnType<typeof createAudit>;
