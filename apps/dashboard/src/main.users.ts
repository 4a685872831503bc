import { Unavailable } from "@spillway/event";
import { createUsers, isUserName, ROLES } from "@spillway/operators";
import { openDatabase } from "@spillway/postgres";
import { checkPostgresUrl } from "@spillway/postgres/connection-check";
import { password, postgresUrl, readSettings } from "@spillway/service";
import { configOrExit, refuse } from "@spillway/service/bun";
import { argon } from "./argon.bun.ts";

/* Makes a user of the dashboard, gives one another password or role, or disables one. The password comes over stdin, where no list of processes shows it. */
const USAGE = `main.users.ts put NAME ${ROLES.join("|")} < PASSWORD, or main.users.ts disable NAME`;

const { values } = configOrExit(() => readSettings({ DATABASE_URL: postgresUrl(checkPostgresUrl) }, process.env));
const database = openDatabase({ url: values.DATABASE_URL });
const users = createUsers({ database });
const [verb, name = "", given] = process.argv.slice(2);
const role = ROLES.find((each) => each === given);

const put = async (): Promise<string> => {
  if (role === undefined) return refuse(USAGE);
  const setting = password(12);
  const reading = setting.read((await Bun.stdin.text()).replace(/\r?\n$/, ""));
  if (reading.kind !== "ok") return refuse(`the password over stdin: accepts ${setting.accepts}`);
  await users.put({ name, role }, await argon.hash(reading.value));
  return `${name} may log in, as ${role}.`;
};

const disable = async (): Promise<string> =>
  (await users.disable(name)) ? `${name} may not log in any more.` : `There is no user ${name}.`;

if (!isUserName(name) || (verb !== "put" && verb !== "disable")) refuse(USAGE);
const work = verb === "put" ? put() : disable();
const done = await work.catch((error: unknown) => {
  if (error instanceof Unavailable) return refuse(`Postgres: ${error.code}`);
  throw error;
});
await Bun.write(Bun.stdout, `${done}\n`);
await database.close();
