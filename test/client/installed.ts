import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const library = join(root, "libs/client");

/** Runs a program to its end; answers what it wrote, or throws it. */
export const run = (cwd: string, program: string, ...args: readonly string[]): string => {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error ?? `${stdout}${stderr}`}`);
  return stdout;
};

export const tsc = join(root, "node_modules/.bin/tsc");

/** The README's example: what its readers copy. */
export const example = (): string => {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(library, "README.md"), "utf8")) ?? [];
  if (code === undefined) throw new Error("the README of libs/client has no example");
  return code;
};

/** Builds and packs the client, and installs the file in a folder far from the repository, from no registry. */
export const installClient = () => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-client-"));
  run(library, process.execPath, "package.build.ts");
  run(folder, "npm", "pack", join(library, "dist"), "--silent");
  const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), '{"type":"module","private":true}');
  run(folder, "npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", `./${file}`);
  copyFileSync(join(root, "test/client/worker.mjs"), join(folder, "worker.mjs"));
  return {
    folder,
    packed: readdirSync(join(folder, "node_modules/@spillway/client")),
    remove: () => rmSync(folder, { recursive: true }),
  };
};
