import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AppCommand } from "@spillway/backends";

/* What runs our apps beside Bun, each from npm, and how it is started. */
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const { platform, arch } = process;

/** A file of a package that came with `owner`, or with this workspace. */
const fileOf = (name: string, file: string, owner?: string): string => {
  const require = createRequire(import.meta.url);
  const from = owner === undefined ? require : createRequire(require.resolve(`${owner}/package.json`));
  return join(dirname(from.resolve(`${name}/package.json`)), file);
};

/** npm has Node for Linux; elsewhere it is the machine's own, which must be 22.18 or later. */
const nodeBinary = (): string => {
  if (platform === "linux") return fileOf(`node-linux-${arch}`, "bin/node");
  const { stdout } = spawnSync("node", ["--version"], { encoding: "utf8" });
  const [major = 0, minor = 0] = stdout.slice(1).split(".").map(Number);
  if (major * 100 + minor < 2_218)
    throw new Error(`node ${stdout.trim()} does not strip types: install 22.18 or later`);
  return "node";
};

const denoBinary = (): string =>
  fileOf(platform === "linux" ? `@deno/linux-${arch}-glibc` : `@deno/darwin-${arch}`, "deno", "deno");

const workerdBinary = (): string =>
  fileOf(`@cloudflare/workerd-${platform}-${arch === "x64" ? "64" : arch}`, "bin/workerd", "workerd");

const entryOf = (app: string, runtime: string): string => join(root, `apps/${app}/src/main.${runtime}.ts`);

/** What an app runs on as a process. */
export type ProcessRuntime = "bun" | "node" | "deno";

export const appOn = (app: "edge" | "relay", runtime: ProcessRuntime): AppCommand => {
  const entry = entryOf(app, runtime);
  if (runtime === "bun") return { command: process.execPath, args: [entry] };
  if (runtime === "node") return { command: nodeBinary(), args: [entry] };
  return { command: denoBinary(), args: ["run", "--allow-all", "--node-modules-dir=manual", entry] };
};

/** The Worker on a port, with the bundle that has `edge.capnp` beside it. */
export const workerOn = (bundle: string, port: number): AppCommand => ({
  command: workerdBinary(),
  args: ["serve", join(dirname(bundle), "edge.capnp"), "--socket-addr", `http=127.0.0.1:${port}`],
});
