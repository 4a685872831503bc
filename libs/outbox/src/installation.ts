import { type Installation, type InstallationKeeper, Unavailable } from "@spillway/event";
import { ask, type Database, durableCommit } from "@spillway/postgres";
import type { Sql } from "postgres";

/** Locks: ACCESS SHARE. */
const recordedOne = (sql: Sql) => sql<Installation[]>`select id, namespace, shards from installation`;

/** Locks: of several at once the others wait for the first one's commit. */
const recordUnlessThere = (sql: Sql, { id, namespace, shards }: Installation) => sql`
  insert into installation (id, namespace, shards) values (${id}, ${namespace}, ${shards}) on conflict (one) do nothing
  returning ${sql.unsafe(durableCommit)}`;

/** The installation as Postgres keeps it: the one place that survives an emptied Redis. */
export const createPostgresInstallation = ({ database }: { readonly database: Database }): InstallationKeeper => {
  const read = async (deadlineMs: number): Promise<Installation | null> => {
    const [installation] = await ask(database, deadlineMs, recordedOne);
    return installation === undefined ? null : { ...installation };
  };
  return {
    read,
    record: async (installation, deadlineMs) => {
      await ask(database, deadlineMs, (sql) => recordUnlessThere(sql, installation));
      const recorded = await read(deadlineMs);
      if (recorded === null) throw new Unavailable("no_installation");
      return recorded;
    },
  };
};
