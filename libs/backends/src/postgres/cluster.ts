import { randomUUID } from "node:crypto";
import { chown, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../process/command.ts";
import { findProcess } from "../process/table.ts";
import type { Say } from "../provision/say.ts";
import type { PostgresBinaries } from "./binaries.ts";

const INIT_PREFIX = "cluster.init-";

/**
 * The database cluster in `folder`, made when there is none. initdb works under another name and its result is renamed,
 * so that a folder called `cluster` is always whole; what a killed initdb left is removed.
 */
export const openCluster = async (folder: string, binaries: PostgresBinaries, say: Say): Promise<string> => {
  const cluster = join(folder, "cluster");
  const names = await readdir(folder);
  for (const name of names.filter((name) => name.startsWith(INIT_PREFIX))) {
    say("removing a half-made data folder");
    await rm(join(folder, name), { recursive: true, force: true });
  }
  if (names.includes("cluster")) return cluster;
  const work = join(folder, `${INIT_PREFIX}${randomUUID()}`);
  await mkdir(work, { mode: 0o700 });
  if (binaries.uid !== undefined) await chown(work, binaries.uid, binaries.uid);
  const locale = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const { code, output } = await runCommand(
    binaries.initdb,
    ["-D", work, "-U", "postgres", "--auth=trust", ...locale],
    { uid: binaries.uid, cwd: folder },
  );
  if (code !== 0) throw new Error(`initdb failed:\n${output.trim().slice(-2_000)}`);
  await rename(work, cluster);
  return cluster;
};

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
