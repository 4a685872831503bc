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

export const nodeApp = (app: "edge" | "relay"): AppCommand => ({ command: nodeBinary(), args: [entryOf(app, "node")] });

export const runtimes = ["bun", "node", "deno", "workerd"] as const;
export type Runtime = (typeof runtimes)[number];

/** How an edge is started on each, on a port. */
export const edgesOn = (bundle: string): Readonly<Record<Runtime, (port: number) => AppCommand>> => ({
  bun: () => ({ command: process.execPath, args: [entryOf("edge", "bun")] }),
  node: () => nodeApp("edge"),
  deno: () => ({
    command: denoBinary(),
    args: ["run", "--allow-all", "--node-modules-dir=manual", entryOf("edge", "deno")],
  }),
  workerd: (port) => ({
    command: workerdBinary(),
    args: ["serve", join(dirname(bundle), "edge.capnp"), "--socket-addr", `http=127.0.0.1:${port}`],
  }),
});
