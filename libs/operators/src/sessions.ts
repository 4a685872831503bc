import { ask, type Database, durableCommit, epochMs, STATEMENT_MS } from "@spillway/postgres";
import type { Sql } from "postgres";
import type { Role, User } from "./users.ts";

/** A session as it is kept. `idHash` is of what the cookie holds. */
export type StoredSession = {
  readonly idHash: string;
  readonly formToken: string;
  readonly user: User;
  readonly endsAtMs: number;
};

const KEPT = "interval '90 days'";

/** Forgets very old ones on the way. Locks: the new row, and those that go. */
const insert = (sql: Sql, { idHash, formToken, user, endsAtMs }: StoredSession, hasOwnRole: boolean) => sql`
  with gone as (delete from sessions where created_at < now() - ${sql.unsafe(KEPT)})
  insert into sessions (id_hash, form_token, user_name, role, ends_at)
  values (${idHash}, ${formToken}, ${user.name}, ${hasOwnRole ? user.role : null}, ${new Date(endsAtMs).toISOString()})
  on conflict do nothing returning ${sql.unsafe(durableCommit)}`;

type Row = { readonly formToken: string; readonly name: string; readonly role: Role | null; readonly endsAtMs: number };

/** With the role that its user has now; null: none any more. Locks: ACCESS SHARE. */
const find = (sql: Sql, idHash: string) => sql<Row[]>`
  select form_token as "formToken", user_name as name, ${sql.unsafe(epochMs("ends_at"))} as "endsAtMs",
    coalesce(sessions.role, (select users.role from users where users.name = user_name and disabled_at is null)) as role
  from sessions where id_hash = ${idHash}`;

/** Locks: the row. */
const end = (sql: Sql, idHash: string) => sql`
  update sessions set ends_at = least(ends_at, now()) where id_hash = ${idHash}
  returning ${sql.unsafe(durableCommit)}`;

/** Sessions that survive a restart. Everything rejects with `Unavailable`; repeating is safe. */
export const createSessionTable = ({ database }: { readonly database: Database }) => {
  const run = <T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> => ask(database, STATEMENT_MS, query);
  return {
    /** `hasOwnRole`: its user is no row of `users`, whose role would count. */
    put: async (session: StoredSession, hasOwnRole: boolean): Promise<void> =>
      void (await run((sql) => insert(sql, session, hasOwnRole))),
    /** Also one that is over (`endsAtMs`); null: there was none, or its user is no more. */
    find: async (idHash: string): Promise<StoredSession | null> => {
      const [row] = await run((sql) => find(sql, idHash));
      if (row === undefined || row.role === null) return null;
      const { formToken, name, role, endsAtMs } = row;
      return { idHash, formToken, user: { name, role }, endsAtMs };
    },
    end: async (idHash: string): Promise<void> => void (await run((sql) => end(sql, idHash))),
  };
};

export type SessionTable = ReturnType<typeof createSessionTable>;
