import { createHash, randomUUID } from "node:crypto";
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Say, silent } from "../provision/say.ts";
import { runCommand } from "./command.ts";
import { freePort } from "./port.ts";
import type { ServiceOptions } from "./service.ts";

type DataFolder = {
  readonly path: string;
  /** Removes the folder, but only one that was made for this start. */
  discard(): Promise<void>;
};

/** The given folder, or a fresh temporary one, closed to everyone else. */
const openDataFolder = async (name: string, dataDir?: string): Promise<DataFolder> => {
  const path = dataDir ?? (await mkdtemp(join(tmpdir(), `spillway-${name}-`)));
  await mkdir(path, { recursive: true });
  await chmod(path, 0o700);
  return { path, discard: async () => void (dataDir ?? (await rm(path, { recursive: true, force: true }))) };
};

const isReachableBy = async (uid: number, path: string): Promise<boolean> =>
  (await runCommand("/bin/sh", ["-c", 'test -w "$1"', "sh", path], { uid, cwd: "/" })).code === 0;

/**
 * The same for a service that runs as another user. A folder below one that this user may not enter (a clone in root's
 * home) is replaced by one in /var/tmp, which outlives a reboot; the same one each time.
 */
const openDataFolderFor = async (uid: number, name: string, say: Say, dataDir?: string): Promise<DataFolder> => {
  const folder = await openDataFolder(name, dataDir);
  await chown(folder.path, uid, uid);
  if (await isReachableBy(uid, folder.path)) return folder;
  const digest = createHash("sha256").update(folder.path).digest("hex").slice(0, 16);
  const path = join("/var/tmp", `spillway-${name}-${digest}`);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory() || (found.uid !== uid && found.uid !== process.getuid?.())) {
    throw new Error(`${path} belongs to someone else; move the repository to where user ${uid} may enter`);
  }
  await chmod(path, 0o700);
  await chown(path, uid, uid);
  say(`its data is in ${path}, since user ${uid} cannot reach ${folder.path}`);
  return { path, discard: folder.discard };
};

/** Where a service runs: what it was told, else a free port, a temporary folder, and a log in it. */
export const openPlace = async (name: string, { dataDir, say = silent, ...told }: ServiceOptions, uid?: number) => {
  const folder = await (uid === undefined ? openDataFolder(name, dataDir) : openDataFolderFor(uid, name, say, dataDir));
  return {
    name,
    port: told.port || (await freePort()),
    cwd: folder.path,
    logFile: told.logFile ?? join(folder.path, `${name}.log`),
    cleanUp: folder.discard,
    onSpawn: told.onSpawn,
  };
};

/**
 * The folder of this name in `parent`, made when there is none: under another name and then renamed, so that one called
 * so is always whole. What a killed making left is removed.
 */
export const openWhole = async (
  parent: string,
  name: string,
  say: Say,
  make: (work: string) => Promise<void>,
): Promise<string> => {
  const names = await readdir(parent);
  for (const half of names.filter((each) => each.startsWith(`${name}.`))) {
    say("removing a half-made data folder");
    await rm(join(parent, half), { recursive: true, force: true });
  }
  const whole = join(parent, name);
  if (names.includes(name)) return whole;
  const work = `${whole}.${randomUUID()}`;
  await make(work);
  await rename(work, whole);
  return whole;
};
