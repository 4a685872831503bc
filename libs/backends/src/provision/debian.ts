import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type CommandResult, findExecutable, runCommand } from "../process/command.ts";
import { withProgress } from "./progress.ts";
import type { Say } from "./say.ts";

const LISTS = "/var/lib/apt/lists";
const LOCKED = /Could not get lock|Unable to (acquire|lock)/;
const LOCK_WAIT_MS = 180_000;
const LOCK_POLL_MS = 1_000;

let previous: Promise<unknown> = Promise.resolve();

const hasPackageLists = async (): Promise<boolean> => {
  const names: string[] = await readdir(LISTS).catch(() => []);
  return names.some((name) => name.includes("_Packages"));
};

/** apt-get's own option waits for dpkg's lock alone; `update` fails at once when another one is at the lists. */
const aptGet = async (binary: string, args: readonly string[]): Promise<CommandResult> => {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const result = await runCommand(binary, ["-y", "-q", "-o", "DPkg::Lock::Timeout=180", ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
      isLeftToFinish: true,
    });
    if (result.code === 0 || !LOCKED.test(result.output) || Date.now() > deadline) return result;
    await sleep(LOCK_POLL_MS);
  }
};

const install = async (binary: string, packages: readonly string[], say: Say): Promise<boolean> => {
  const names = packages.join(" ");
  const update = () => withProgress(say, "apt-get update", () => aptGet(binary, ["update"]));
  const attempt = () =>
    withProgress(say, `apt-get install ${names}`, () =>
      aptGet(binary, ["install", "--no-install-recommends", ...packages]),
    );
  const isListed = await hasPackageLists();
  if (!isListed) await update();
  let result = await attempt();
  // Lists of another day name package versions that the mirror no longer has.
  if (result.code !== 0 && isListed) {
    await update();
    result = await attempt();
  }
  if (result.code !== 0) say(`apt-get install ${names} failed: ${result.output.trim().slice(-400)}`);
  return result.code === 0;
};

/**
 * Installs Debian packages when that needs no question: as root, where apt-get exists. One installation at a time.
 * False when it may not or when apt-get failed (the reason is said).
 */
export const installDebianPackages = async (packages: readonly string[], say: Say): Promise<boolean> => {
  const binary = process.getuid?.() === 0 ? await findExecutable("apt-get") : undefined;
  if (!binary) return false;
  const installed = previous.then(() => install(binary, packages, say));
  previous = installed.catch(() => undefined);
  return installed;
};
