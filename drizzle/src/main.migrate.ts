import { checkPostgresUrl } from "@spillway/postgres/connection-check";
import { postgresUrl, readSettings } from "@spillway/service";
import { configOrExit, refuse } from "@spillway/service/bun";
import { runMigrations } from "./migrate.ts";
import { refusalOf, reportOf } from "./migration-report.ts";

/* `npm run migrate`: as often as you like, several at once, before the apps or while they run. */
const { values } = configOrExit(() => readSettings({ DATABASE_URL: postgresUrl(checkPostgresUrl) }, process.env));
const migrated = await runMigrations(values.DATABASE_URL).catch((error: unknown) => refuse(refusalOf(error)));
console.log(reportOf(migrated));
