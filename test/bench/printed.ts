import { fileURLToPath } from "node:url";

/** Runs a command to its end and answers what it printed. Throws when it fails. */
export const printedBy = async (command: readonly string[], env: Record<string, string> = {}): Promise<string> => {
  const child = Bun.spawn([...command], { env: { ...process.env, ...env }, stdout: "pipe", stderr: "inherit" });
  const text = (await new Response(child.stdout).text()).trim();
  if ((await child.exited) !== 0) throw new Error(`${command[0]} failed:\n${text}`);
  return text;
};

/** The command that runs a script of this folder as a process of its own. */
export const scriptOf = (name: string): readonly string[] => [
  process.execPath,
  fileURLToPath(new URL(name, import.meta.url)),
];
