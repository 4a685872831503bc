import { type FSWatcher, watch } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AppName } from "./dev-env.ts";

/** An editor's save is several events; a formatter over the repository is hundreds. */
const QUIET_MS = 200;
const SOURCE = /(?<!\.test)\.(tsx?|lua|sql|css|html)$/;

const sourceFolders = async (repoRoot: string, app: AppName): Promise<string[]> => {
  const libraries = await readdir(join(repoRoot, "libs"));
  const folders = [join("apps", app), ...libraries.map((name) => join("libs", name)), "drizzle"];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const source = join(repoRoot, folder, "src");
      return access(source).then(
        () => source,
        () => undefined,
      );
    }),
  );
  return found.filter((folder) => folder !== undefined);
};

/**
 * Calls `onChange` when a source file of the app or of a library has changed. Not `bun --watch`: after an uncaught
 * error that one stays alive and waits for an edit, and an app that does nothing would not be started again.
 */
export const watchSources = async (repoRoot: string, app: AppName, onChange: () => void): Promise<() => void> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onEvent = (_event: string, file: string | null) => {
    if (file === null || !SOURCE.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET_MS);
  };
  const watchers: FSWatcher[] = [];
  for (const folder of await sourceFolders(repoRoot, app)) {
    watchers.push(watch(folder, { recursive: true, persistent: false }, onEvent));
  }
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
};
