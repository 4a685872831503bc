import { chown, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../process/command.ts";
import { openWhole } from "../process/place.ts";
import { findProcess } from "../process/table.ts";
import type { Say } from "../provision/say.ts";
import type { PostgresBinaries } from "./binaries.ts";

const LOCALE = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];

/** The database cluster in `folder`, made when there is none. */
export const openCluster = (folder: string, { initdb, uid }: PostgresBinaries, say: Say): Promise<string> =>
  openWhole(folder, "cluster", say, async (work) => {
    await mkdir(work, { mode: 0o700 });
    if (uid !== undefined) await chown(work, uid, uid);
    const args = ["-D", work, "-U", "postgres", "--auth=trust", ...LOCALE];
    const { code, output } = await runCommand(initdb, args, { uid, cwd: folder });
    if (code !== 0) throw new Error(`initdb failed:\n${output.trim().slice(-2_000)}`);
  });

/**
 * Removes the pid file of a killed postmaster. Postgres does so itself, but not when the pid now belongs to another
 * process of the same user, and then refuses to start. Throws when a Postgres really runs on this folder.
 */
export const removeStalePidFile = async (cluster: string): Promise<void> => {
  const file = join(cluster, "postmaster.pid");
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return;
  const pid = Number(text.split("\n")[0]);
  const owner = Number.isInteger(pid) && pid > 0 ? await findProcess(pid) : undefined;
  if (owner?.command.includes(cluster)) throw new Error(`Postgres (pid ${pid}) already runs on ${cluster}`);
  await rm(file, { force: true });
};
