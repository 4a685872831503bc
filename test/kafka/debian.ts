import { existsSync } from "node:fs";

const run = async (command: readonly string[]): Promise<{ good: boolean; output: string }> => {
  const child = Bun.spawn([...command], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { good: (await child.exited) === 0, output: `${out}${err}` };
};

/** Something that a test needs from the machine. */
export type Needed = {
  readonly isThere: () => boolean;
  readonly packages: readonly string[];
  /** The command for a machine that is not Debian or where we are not root. */
  readonly otherwise: string;
};

/** Installs what is missing when that needs no question; otherwise fails the test with the command to type. */
export const provide = async ({ isThere, packages, otherwise }: Needed): Promise<void> => {
  if (isThere()) return;
  const mayInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  const install = ["apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=180"];
  let output = "";
  if (mayInstall) {
    await run([...install, "update"]);
    ({ output } = await run([...install, "install", "--no-install-recommends", ...packages]));
  }
  if (!isThere()) throw new Error(`missing on this machine; type: ${otherwise}\n${output.slice(-500)}`);
};
