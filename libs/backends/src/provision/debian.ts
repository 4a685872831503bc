import { systemClock } from "@spillway/event";
import { type CommandResult, findExecutable, runCommand } from "../process/command.ts";
import { NotProvided, type Remedy } from "./refusal.ts";
import { type Say, withProgress } from "./say.ts";

const LOCKED = /Could not get lock|Unable to (acquire|lock)/;
const LOCK_WAIT_MS = 180_000;
const LOCK_POLL_MS = 1_000;

let previous: Promise<unknown> = Promise.resolve();

/** apt-get's own option waits for dpkg's lock alone; `update` fails at once when another one is at the lists. */
const aptGet = async (binary: string, args: readonly string[]): Promise<CommandResult> => {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const result = await runCommand(binary, ["-y", "-q", "-o", "DPkg::Lock::Timeout=180", ...args], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
      isLeftToFinish: true,
    });
    if (result.code === 0 || !LOCKED.test(result.output) || Date.now() > deadline) return result;
    await systemClock.sleep(LOCK_POLL_MS);
  }
};

const install = async (binary: string, names: readonly string[], say: Say): Promise<void> => {
  const what = `apt-get install ${names.join(" ")}`;
  const attempt = () => withProgress(say, what, () => aptGet(binary, ["install", "--no-install-recommends", ...names]));
  let result = await attempt();
  // There are no lists yet, or lists of another day name package versions that the mirror no longer has.
  if (result.code !== 0) {
    await withProgress(say, "apt-get update", () => aptGet(binary, ["update"]));
    result = await attempt();
  }
  if (result.code !== 0) say(`${what} failed: ${result.output.trim().slice(-400)}`);
};

type Need = {
  /** What is said when `find` found nothing. */
  readonly missing: () => string;
  readonly debianPackages: readonly string[];
  readonly remedy: Remedy;
  readonly say: Say;
};

/**
 * What `find` finds, if need be after installing the Debian packages that bring it. That is done when it needs no
 * question: as root, where apt-get exists; one at a time. Throws NotProvided.
 */
export const provide = async (
  find: () => Promise<string | undefined>,
  { missing, debianPackages, remedy, say }: Need,
): Promise<string> => {
  const found = await find();
  if (found) return found;
  say(missing());
  const aptGetBinary = process.getuid?.() === 0 ? await findExecutable("apt-get") : undefined;
  if (aptGetBinary) {
    const installing = previous.then(() => install(aptGetBinary, debianPackages, say));
    previous = installing.catch(() => undefined);
    await installing;
  }
  const installed = await find();
  if (installed) return installed;
  throw new NotProvided(remedy, missing());
};
