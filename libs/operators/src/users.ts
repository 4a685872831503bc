import { ask, type Database, durableCommit, STATEMENT_MS, WRITE_MS } from "@spillway/postgres";
import type { Sql } from "postgres";

/** A viewer looks; an operator decides, too. */
export const ROLES = ["viewer", "operator"] as const;
export type Role = (typeof ROLES)[number];

export type User = { readonly name: string; readonly role: Role };

/** Letters and digits of any script, and . _ @ + - inside: a name or an address of mail. */
export const isUserName = (name: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,99}$/u.test(name);

/** A user again is the same user with another password and role. Locks: the user's row. */
const upsert = (sql: Sql, { name, role }: User, passwordHash: string) => sql`
  insert into users (name, role, password_hash) values (${name}, ${role}, ${passwordHash})
  on conflict (name) do update set role = excluded.role, password_hash = excluded.password_hash, disabled_at = null
  returning name, ${sql.unsafe(durableCommit)}`;

/** Locks: the user's row. */
const disable = (sql: Sql, name: string) => sql`
  update users set disabled_at = now() where name = ${name} and disabled_at is null
  returning name, ${sql.unsafe(durableCommit)}`;

type Known = User & { readonly passwordHash: string };

/** Locks: ACCESS SHARE. */
const byName = (sql: Sql, name: string) => sql<Known[]>`
  select name, role, password_hash as "passwordHash" from users where name = ${name} and disabled_at is null`;

/** Locks: ACCESS SHARE. */
const exists = (sql: Sql) =>
  sql<{ any: boolean }[]>`select exists (select from users where disabled_at is null) as any`;

/** Who may use the dashboard. Everything rejects with `Unavailable`; repeating is safe. */
export const createUsers = ({ database }: { readonly database: Database }) => ({
  put: async (user: User, passwordHash: string): Promise<void> => {
    await ask(database, WRITE_MS, (sql) => upsert(sql, user, passwordHash));
  },
  /** Ends their sessions, too, within seconds. False: there is no such user. */
  disable: async (name: string): Promise<boolean> =>
    (await ask(database, WRITE_MS, (sql) => disable(sql, name))).length > 0,
  find: async (name: string): Promise<Known | null> =>
    (await ask(database, STATEMENT_MS, (sql) => byName(sql, name)))[0] ?? null,
  any: async (): Promise<boolean> => (await ask(database, STATEMENT_MS, exists))[0]?.any ?? false,
});

export type Users = ReturnType<typeof createUsers>;
