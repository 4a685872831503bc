import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** The Worker's bundle, built into a folder of its own beside what workerd runs it with. */
export const buildWorker = () => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-worker-"));
  copyFileSync(join(here, "edge.capnp"), join(folder, "edge.capnp"));
  const bundle = join(folder, "worker.js");
  const cwd = join(here, "../../apps/edge");
  const built = spawnSync(process.execPath, ["run", "build:worker", "--outfile", bundle], { cwd, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`the Worker cannot be built: ${built.stderr}`);
  return { bundle, remove: () => rmSync(folder, { recursive: true }) };
};
