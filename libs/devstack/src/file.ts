import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";

/** Replaces a file in one step, readable by its owner alone: a reader sees the old text or the new, never half. */
export const replaceFile = async (path: string, text: string): Promise<void> => {
  const work = `${path}.${randomUUID()}`;
  await writeFile(work, text, { mode: 0o600 });
  await rename(work, path);
};

/** The parsed content, or undefined when there is no such file or it is not JSON. */
export const readJson = async <T>(path: string): Promise<T | undefined> => {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};
