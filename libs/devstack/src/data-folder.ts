import { chmod, chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface DataFolder {
  readonly path: string;
  /** Removes the folder, but only one that was made for this start. */
  discard(): Promise<void>;
}

/** The given folder, or a fresh temporary one; owned by `uid` when told, closed to everyone else. */
export async function openDataFolder(name: string, dataDir?: string, uid?: number): Promise<DataFolder> {
  const path = dataDir ?? (await mkdtemp(join(tmpdir(), `spillway-${name}-`)));
  await mkdir(path, { recursive: true });
  await chmod(path, 0o700);
  if (uid !== undefined) await chown(path, uid, uid);
  return { path, discard: async () => void (dataDir ?? (await rm(path, { recursive: true, force: true }))) };
}
