import { cp } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { runCommand } from "../process/command.ts";
import type { Say } from "../provision/say.ts";

const BROKEN = "Bad file format reading the append only file";

/**
 * Redis cuts off a half-written tail by itself, and refuses to start on anything worse. Then: keep a copy, let
 * redis-check-aof cut the file at its first bad byte, and say so. Does nothing for a log of another failure.
 */
export const mendAppendOnlyFile = async (binary: string, dataDir: string, log: string, say: Say): Promise<void> => {
  if (!log.includes(BROKEN)) return;
  const folder = join(dataDir, "appendonlydir");
  const copy = `${folder}.broken-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  await cp(folder, copy, { recursive: true });
  const checker = join(dirname(binary), basename(binary).replace("-server", "-check-aof"));
  const manifest = join(folder, "appendonly.aof.manifest");
  const { code, output } = await runCommand(checker, ["--fix", manifest], { input: "y\n" });
  // One "diff=" for the base file, then one for the increment, which is where a write was cut.
  const cut = [...output.matchAll(/diff=(\d+)/g)].at(-1)?.[1] ?? "an unknown number of";
  say(
    code === 0
      ? `the append-only file was damaged; ${cut} bytes were cut off its end, the damaged one is kept in ${copy}`
      : `the append-only file is damaged and could not be mended: ${output.trim().slice(-400)}`,
  );
};
