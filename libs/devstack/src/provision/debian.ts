import { readdir } from "node:fs/promises";
import { findExecutable, runCommand } from "./command.ts";
import type { Say } from "./say.ts";

const LISTS = "/var/lib/apt/lists";

async function hasPackageLists(): Promise<boolean> {
  const names = await readdir(LISTS).catch(() => []);
  return names.some((name) => name.includes("_Packages"));
}

/**
 * Installs Debian packages when that needs no question: as root, where apt-get exists. False when it may not or when
 * apt-get failed (the reason is said).
 */
export async function installDebianPackages(packages: readonly string[], say: Say): Promise<boolean> {
  const aptGet = process.getuid?.() === 0 ? await findExecutable("apt-get") : undefined;
  if (!aptGet) return false;
  const apt = (...args: string[]) =>
    runCommand(aptGet, ["-y", "-q", "-o", "DPkg::Lock::Timeout=180", ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
      isLeftToFinish: true,
    });
  const update = async () => {
    say("apt-get update");
    return apt("update");
  };
  const install = async () => {
    say(`apt-get install ${packages.join(" ")}`);
    return apt("install", "--no-install-recommends", ...packages);
  };
  const isListed = await hasPackageLists();
  if (!isListed) await update();
  let result = await install();
  // Lists of another day name package versions that the mirror no longer has.
  if (result.code !== 0 && isListed) {
    await update();
    result = await install();
  }
  if (result.code !== 0) say(`apt-get install ${packages.join(" ")} failed: ${result.output.trim().slice(-400)}`);
  return result.code === 0;
}
