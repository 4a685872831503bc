import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Say } from "../provision/say.ts";
import { runCommand } from "./command.ts";

export type DataFolder = {
  readonly path: string;
  /** Removes the folder, but only one that was made for this start. */
  discard(): Promise<void>;
};

/** The given folder, or a fresh temporary one, closed to everyone else. */
export const openDataFolder = async (name: string, dataDir?: string): Promise<DataFolder> => {
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
export const openDataFolderFor = async (uid: number, name: string, say: Say, dataDir?: string): Promise<DataFolder> => {
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
