import { chown, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "../eventually.ts";
import { findExecutable, runCommand } from "../process/command.ts";
import type { Running } from "../process/service.ts";
import { childrenOf, findProcess } from "../process/table.ts";
import { provide } from "../provision/debian.ts";
import { REMEDIES } from "../provision/refusal.ts";
import type { Say } from "../provision/say.ts";
import { dropUnsynced, journalOfSynced } from "./journal.ts";

/** Where a service keeps the files that power must not take, and who it runs as. */
type Place = {
  /** Its own folder. */
  readonly cwd: string;
  /** The one of the files, which lies in it and need not be there yet. */
  readonly folder: string;
  readonly uid?: number;
  readonly say: Say;
};

/** A volatile write cache for the disk under one service: what is written is there for all to read, and safe once synced. */
export type WriteCache = {
  /** What the service must have in its environment; everything that is there already is taken for safe. */
  attach(place: Place): Promise<Readonly<Record<string, string>>>;
  /** All processes of the service die at once, and what was not synced is gone. Says how many bytes that was. */
  cutPower(service: Running): Promise<number>;
};

const SOURCE = fileURLToPath(new URL("write-cache.c", import.meta.url));

/** Compiled into the service's own folder: nobody else can put a library there, and another user may read it. */
const compile = async (library: string, say: Say): Promise<string> => {
  let reason = "no cc, gcc or clang on the PATH";
  const build = async () => {
    const compiler = await findExecutable("cc", "gcc", "clang");
    if (compiler === undefined) return undefined;
    const { code, output } = await runCommand(compiler, ["-shared", "-fPIC", "-O2", "-o", library, SOURCE]);
    reason = output.trim().slice(-400);
    return code === 0 ? library : undefined;
  };
  const debianPackages = ["gcc", "libc6-dev"];
  return provide(build, { missing: () => reason, debianPackages, remedy: REMEDIES.compiler, say });
};

const killAll = async (service: Running): Promise<void> => {
  const pid = service.pid();
  if (pid === undefined) return;
  // Frozen first: it starts no further one meanwhile.
  await service.kill("SIGSTOP");
  const children = await childrenOf(pid);
  for (const child of children) process.kill(child, "SIGKILL");
  await service.kill();
  const areGone = async () => {
    const left = await Promise.all(children.map(findProcess));
    return left.every((each) => each === undefined);
  };
  await eventually(`the end of every process of ${service.name}`, areGone, 10_000, 5);
};

export const createWriteCache = (): WriteCache => {
  let folder = "";
  let journal = "";
  return {
    attach: async ({ cwd, folder: name, uid, say }) => {
      if (process.platform !== "linux") throw new Error("power is cut by LD_PRELOAD, which Linux alone has");
      folder = join(await realpath(cwd), name);
      journal = join(cwd, "write-cache.journal");
      const library = await compile(join(cwd, "write-cache.so"), say);
      await writeFile(journal, await journalOfSynced(folder));
      if (uid !== undefined) await chown(journal, uid, uid);
      return { LD_PRELOAD: library, WRITE_CACHE_FOLDER: folder, WRITE_CACHE_JOURNAL: journal };
    },
    cutPower: async (service) => {
      await killAll(service);
      return dropUnsynced(folder, await readFile(journal));
    },
  };
};
