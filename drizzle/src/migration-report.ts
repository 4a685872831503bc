import { failureCode } from "@spillway/postgres/failure";
import { type Migrated, MigrationRefused } from "./migrate.ts";

/** What was done, as a line for whoever asked for it. */
export const reportOf = ({ applied, alreadyApplied, unknown }: Migrated): string => {
  const done =
    applied.length === 0
      ? `nothing to do, ${alreadyApplied} migrations were applied before`
      : `${applied.length} ${applied.length === 1 ? "migration" : "migrations"} applied: ${applied.join(", ")}`;
  return unknown === 0 ? done : `${done}; a newer Spillway has applied ${unknown} more`;
};

const REASONS: Readonly<Record<string, string>> = {
  authentication_failed: "the server does not accept its user or password",
  certificate_file_unreadable: "one of the files that it names cannot be read",
  certificate_refused:
    "the server's certificate is not one that sslmode accepts: sslrootcert names its authority, sslmode=no-verify takes any",
  connect_timeout: "no server answered in time at its host and port",
  connection_lost: "the connection broke, and nothing is known of what was done: run it again",
  connection_refused: "no server listens at its host and port",
  host_not_found: "its host has no address",
  host_unreachable: "there is no way to its host",
  lock_timeout: "another migration, or a table in use, was waited for in vain: run it again",
  no_such_database: "the server has no database of that name",
  read_only: "the server takes no writes: it is a standby, or set to read only",
  setting_refused: "the server, or a pooler before it, refuses one of its parameters",
  starting_up: "the server is starting or stopping: run it again",
  tls_not_offered: "the server offers no TLS, which its sslmode wants",
};

const RIGHTS = `its user needs CREATE on the database, for the schema "drizzle", and on the schema that the tables go to`;

/** A message of the server about names (SQLSTATE class 42: of tables, schemas, roles), which are no secret of a URL. */
const saidOfNames = (error: unknown): string | null =>
  error instanceof Error && "code" in error && /^42/.test(String(error.code)) ? error.message : null;

/** Why nothing was migrated, as one sentence that names the setting and holds nothing of its value. */
export const refusalOf = (error: unknown): string => {
  if (error instanceof MigrationRefused) return `DATABASE_URL: ${error.message}`;
  const code = failureCode(error);
  const said = saidOfNames(error);
  if (code === "permission_denied") return `DATABASE_URL: ${said ?? "permission denied"}; ${RIGHTS}`;
  return `DATABASE_URL: ${REASONS[code] ?? said ?? code.replaceAll("_", " ")}`;
};
