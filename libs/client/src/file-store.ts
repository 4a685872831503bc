import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { EventStore } from "./event-store.ts";
import { lockFile } from "./file-lock.ts";
import { putLine, readLog, removeLine } from "./log-lines.ts";

/** A file with so much that is not needed any more is written anew. */
const WASTE_BYTES_MAX = 1024 * 1024;

const readOrNothing = async (path: string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
};

/** Writes the file whole or not at all, and its name as well: without the folder's sync a loss of power may bring the old file back. */
const replace = async (path: string, content: string): Promise<FileHandle> => {
  const fresh = `${path}.new`;
  // Events are nobody else's to read.
  const handle = await open(fresh, "w", 0o600);
  await handle.writeFile(content);
  await handle.datasync();
  await rename(fresh, path);
  const folder = await open(dirname(path), "r");
  await folder.sync().finally(() => folder.close());
  return handle;
};

type Line = {
  readonly line: string;
  /** Does to what is kept what the line says; when it is on disk. */
  readonly apply: () => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
};

/** A file that grows by whole pieces. */
const createGrowingFile = (handle: FileHandle, size: number) => {
  let bytes = size;
  let broken: unknown;
  return {
    bytes: () => bytes,
    append: async (text: string): Promise<void> => {
      if (broken !== undefined) throw broken;
      const buffer = Buffer.from(text);
      try {
        for (let at = 0; at < buffer.length; )
          at += (await handle.write(buffer, at, buffer.length - at, bytes + at)).bytesWritten;
        await handle.datasync();
        bytes += buffer.length;
      } catch (error) {
        // Half a line must not stand before a whole one.
        await handle.truncate(bytes).catch(() => {
          broken = error;
        });
        throw error;
      }
    },
    close: () => handle.close(),
  };
};

/** Appends lines, those that come during a write with the next one; each is on disk when its promise resolves. */
const createLog = (path: string, kept: Map<number, string>) => {
  let file: ReturnType<typeof createGrowingFile> | undefined;
  let waiting: Line[] = [];
  let writing: Promise<void> | undefined;

  const rewrite = async (): Promise<void> => {
    const content = [...kept].map(([ref, text]) => putLine({ ref, text })).join("");
    const handle = await replace(path, content);
    const old = file;
    file = createGrowingFile(handle, Buffer.byteLength(content));
    await old?.close();
  };
  const isWasteful = (): boolean => {
    const bytes = file?.bytes() ?? 0;
    return bytes > WASTE_BYTES_MAX && bytes > 2 * [...kept.values()].reduce((sum, { length }) => sum + length, 0);
  };
  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting;
      waiting = [];
      try {
        if (file === undefined) throw new Error("the store is not open");
        await file.append(lines.map(({ line }) => line).join(""));
        for (const { apply, done } of lines) {
          apply();
          done();
        }
        if (isWasteful()) await rewrite();
      } catch (error) {
        // Of those that are done it changes nothing: the file that there is goes on.
        for (const { failed } of lines) failed(error);
      }
    }
    writing = undefined;
  };

  return {
    rewrite,
    write: (line: string, apply: () => void): Promise<void> =>
      new Promise((done, failed) => {
        waiting.push({ line, apply, done, failed });
        writing ??= writeAll();
      }),
    close: async (): Promise<void> => {
      while (writing !== undefined) await writing;
      if (file !== undefined && kept.size === 0) await rewrite();
      await file?.close();
      file = undefined;
    },
  };
};

/**
 * Keeps events in a file of one process, on Node, Bun and Deno: a log that is synced before `put` resolves, many puts with one sync. Beside it
 * stand `.lock` and, for moments, `.new`.
 */
export const createFileStore = (path: string): EventStore => {
  let kept = new Map<number, string>();
  let lastRef = 0;
  let log = createLog(path, kept);
  let unlock: () => Promise<void> = async () => undefined;

  return {
    open: async () => {
      unlock = await lockFile(`${path}.lock`);
      try {
        ({ kept, lastRef } = readLog(await readOrNothing(path)));
        log = createLog(path, kept);
        await log.rewrite();
      } catch (error) {
        await unlock();
        throw error;
      }
      return [...kept].map(([ref, text]) => ({ ref, text }));
    },
    put: async (text) => {
      const ref = ++lastRef;
      await log.write(putLine({ ref, text }), () => kept.set(ref, text));
      return ref;
    },
    remove: (ref) => log.write(removeLine(ref), () => kept.delete(ref)),
    close: async () => {
      await log.close();
      await unlock();
    },
  };
};
