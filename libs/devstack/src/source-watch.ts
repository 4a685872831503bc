import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { APP_NAMES, type AppName } from "./dev-env.ts";
import { readJson } from "./file.ts";

/** An editor's save is several events; a formatter over the repository is hundreds. */
const QUIET_MS = 200;
const SOURCE = /(?<!\.test|\.fixture)\.(tsx?|lua|sql|css|html)$/;
const SCRIPT = /\.tsx?$/;

const folderOf = (name: string): string[] => {
  const [, library] = /^@spillway\/(.+)$/.exec(name) ?? [];
  if (library === undefined) return [];
  return [library === "drizzle" ? library : join("libs", library)];
};

/** The packages that the apps are made of, by folder, each with the apps that it is a part of. */
const packagesOf = async (root: string): Promise<ReadonlyMap<string, ReadonlySet<AppName>>> => {
  const packages = new Map<string, Set<AppName>>();
  const visit = async (folder: string, app: AppName): Promise<void> => {
    const users = packages.get(folder) ?? new Set();
    if (users.has(app)) return;
    packages.set(folder, users.add(app));
    const description = await readJson<{ dependencies?: object }>(join(root, folder, "package.json"));
    for (const name of Object.keys(description?.dependencies ?? {}))
      for (const dependency of folderOf(name)) await visit(dependency, app);
  };
  for (const app of APP_NAMES) await visit(join("apps", app), app);
  return packages;
};

/** Where and why a file is no TypeScript; undefined when it is, and when it is gone. */
const faultOf = async (root: string, file: string): Promise<string | undefined> => {
  const text = SCRIPT.test(file) ? await readFile(join(root, file), "utf8").catch(() => undefined) : undefined;
  if (text === undefined) return undefined;
  try {
    new Bun.Transpiler({ loader: file.endsWith("x") ? "tsx" : "ts" }).transformSync(text);
    return undefined;
  } catch (error) {
    const { message, position } = error as BuildMessage;
    return `${file}:${position?.line}:${position?.column}: ${message}\n    ${position?.lineText.trim()}`;
  }
};

export type SourceWatch = {
  /** A file of this app changed, and every file that changed since the last time is TypeScript. */
  readonly onChange: (app: AppName, file: string) => void;
  /** A file changed into something that is no TypeScript. */
  readonly onFault: (fault: string) => void;
};

/**
 * Watches the sources of the apps and of what they are made of. Not `bun --watch`: after an uncaught error that one stays
 * alive and waits for an edit, an app that does nothing would not be started again, and three apps print one syntax error.
 */
export const watchSources = async (root: string, { onChange, onFault }: SourceWatch): Promise<() => void> => {
  const changed = new Map<string, ReadonlySet<AppName>>();
  let told: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const look = async (): Promise<void> => {
    const seen = [...changed];
    const faults = await Promise.all(seen.map(([file]) => faultOf(root, file)));
    const fault = faults.find((found) => found !== undefined);
    if (fault !== undefined && fault !== told) onFault(fault);
    told = fault;
    if (fault !== undefined) return;
    for (const [file] of seen) changed.delete(file);
    for (const app of APP_NAMES) {
      const own = seen.find(([, apps]) => apps.has(app));
      if (own) onChange(app, own[0]);
    }
  };

  const watchers: FSWatcher[] = [];
  for (const [folder, apps] of await packagesOf(root)) {
    const source = join(folder, "src");
    const onEvent = (_event: string, name: string | null) => {
      if (name === null || !SOURCE.test(name)) return;
      changed.set(join(source, name), apps);
      clearTimeout(timer);
      timer = setTimeout(look, QUIET_MS);
    };
    watchers.push(watch(join(root, source), { recursive: true, persistent: false }, onEvent));
  }
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
};
