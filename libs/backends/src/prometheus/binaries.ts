import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../config.ts";
import { findExecutable, runCommand } from "../process/command.ts";
import { NotProvided, REMEDIES } from "../provision/refusal.ts";
import { type Say, silent, withProgress } from "../provision/say.ts";

/** What Debian's Prometheus shows its pages with; its package has links to them only. */
const DEBIAN_SCRIPTS = [
  "bootstrap4",
  "d3",
  "eonasdan-bootstrap-datetimepicker",
  "jquery",
  "jquery-hotkeys",
  "moment",
  "moment-timezone",
  "mustache",
  "popper.js",
  "rickshaw",
].map((name) => `libjs-${name}`);
const DEBIAN_PACKAGES = ["prometheus", "prometheus-alertmanager", ...DEBIAN_SCRIPTS];
const FOLDER = "prometheus-with-pages";

export type PrometheusBinaries = {
  readonly prometheus: string;
  readonly promtool: string;
  readonly alertmanager: string;
  /** Where both servers have to be started, when that matters. */
  readonly cwd?: string;
};

const installed = async (): Promise<PrometheusBinaries | undefined> => {
  const prometheus = await findExecutable("prometheus");
  const promtool = await findExecutable("promtool");
  const alertmanager = await findExecutable("prometheus-alertmanager", "alertmanager");
  return prometheus && promtool && alertmanager ? { prometheus, promtool, alertmanager } : undefined;
};

const unpacked = async (folder: string): Promise<PrometheusBinaries | undefined> => {
  const bin = join(folder, "usr", "bin");
  const names: string[] = await readdir(bin).catch(() => []);
  if (!names.includes("prometheus") || !names.includes("prometheus-alertmanager")) return undefined;
  return {
    prometheus: join(bin, "prometheus"),
    promtool: join(bin, "promtool"),
    alertmanager: join(bin, "prometheus-alertmanager"),
    cwd: folder,
  };
};

/**
 * Debian's Alertmanager does not start without its templates in /usr/share, and its Prometheus has no page without its own there,
 * which no flag moves and only root may write to. The same path without its first slash, and as long, is one below the folder that it is started in.
 */
const untieFromRoot = async (program: string): Promise<void> => {
  const from = "/usr/share/prometheus/";
  const bytes = await readFile(program);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) bytes.write("usr//share/prometheus/", at);
  await writeFile(program, bytes);
};

/** Fills the folder with Debian's packages. Filled under another name and renamed, so that it is whole or absent. */
const unpack = async (folder: string): Promise<string> => {
  const work = `${folder}.fetching-${randomUUID()}`;
  await mkdir(work, { recursive: true });
  try {
    const download = () => runCommand("apt-get", ["download", ...DEBIAN_PACKAGES], { cwd: work });
    let result = await download();
    if (result.code !== 0) {
      // There are no lists yet, or lists of another day name versions that the mirror no longer has.
      await runCommand("apt-get", ["-q", "update"]);
      result = await download();
    }
    if (result.code !== 0) return result.output;
    for (const file of await readdir(work)) {
      const opened = await runCommand("dpkg", ["-x", file, work], { cwd: work });
      if (opened.code !== 0) return opened.output;
      await rm(join(work, file));
    }
    for (const name of ["prometheus", "prometheus-alertmanager"]) await untieFromRoot(join(work, "usr", "bin", name));
    // Another process may have been first, and its folder is as good.
    await rename(work, folder).catch(() => undefined);
    return "";
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

/**
 * Prometheus, promtool and Alertmanager: those on the PATH, else Debian's, downloaded and unpacked into the cache. Their packages are not
 * installed: they would start daemons, and this way it needs no root. Throws NotProvided.
 */
export const providePrometheus = async (say: Say = silent): Promise<PrometheusBinaries> => {
  const folder = join(cacheFolder(), FOLDER);
  const found = (await installed()) ?? (await unpacked(folder));
  if (found) return found;
  const failure = (await findExecutable("apt-get"))
    ? await withProgress(say, "apt-get download prometheus", () => unpack(folder))
    : "no apt-get";
  const fetched = await unpacked(folder);
  if (fetched) return fetched;
  throw new NotProvided(
    REMEDIES.prometheus,
    `no prometheus, promtool and alertmanager on the PATH (${failure.slice(-400)})`,
  );
};
