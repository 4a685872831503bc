import { existsSync } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/* The journal of write-cache.c, which says what its entries are; little-endian, as the machine writes them. */
const SYNCED = 1;
const OVERWRITTEN = 2;
const HEAD_BYTES = 40;

type Entry = {
  readonly at: number;
  readonly kind: number;
  readonly file: string;
  readonly offset: number;
  /** Of OVERWRITTEN: the bytes that were there; of SYNCED the journal's length. */
  readonly length: number;
  readonly bytes: Buffer;
};

function* entriesOf(journal: Buffer): Generator<Entry> {
  for (let at = 0; at + HEAD_BYTES <= journal.length; ) {
    const [kind, inode, born, offset, length] = [0, 8, 16, 24, 32].map((field) => journal.readBigUInt64LE(at + field));
    const end = at + HEAD_BYTES + (kind === BigInt(OVERWRITTEN) ? Number(length) : 0);
    const bytes = journal.subarray(at + HEAD_BYTES, end);
    yield { at, kind: Number(kind), file: `${inode}.${born}`, offset: Number(offset), length: Number(length), bytes };
    at = end;
  }
}

const identityOf = async (file: FileHandle) => {
  const { ino, birthtimeNs, size } = await file.stat({ bigint: true });
  return { ino, birthtimeNs, size: Number(size), name: `${ino}.${birthtimeNs}` };
};

const eachFile = async (folder: string, visit: (file: FileHandle) => Promise<void>): Promise<void> => {
  // Redis makes its folder at its first start.
  if (!existsSync(folder)) return;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of entries.filter((each) => each.isFile())) {
    const file = await open(join(parentPath, name), "r+");
    try {
      await visit(file);
    } finally {
      await file.close();
    }
  }
};

/** The journal to begin with: every file of the folder is safe as it is. */
export const journalOfSynced = async (folder: string): Promise<Buffer> => {
  const entries: Buffer[] = [];
  await eachFile(folder, async (file) => {
    const { ino, birthtimeNs, size } = await identityOf(file);
    const entry = Buffer.alloc(HEAD_BYTES);
    const fields = [BigInt(SYNCED), ino, birthtimeNs, BigInt(size), 0n];
    for (const [i, value] of fields.entries()) entry.writeBigUInt64LE(value, i * 8);
    entries.push(entry);
  });
  return Buffer.concat(entries);
};

/** Takes from the files of the folder what was not synced, the latest write first. Says how many bytes that was. */
export const dropUnsynced = async (folder: string, journal: Buffer): Promise<number> => {
  const entries = [...entriesOf(journal)];
  const lastSync = new Map(entries.filter(({ kind }) => kind === SYNCED).map((entry) => [entry.file, entry]));
  const overwritten = entries.filter(({ kind }) => kind === OVERWRITTEN).reverse();
  let dropped = 0;
  await eachFile(folder, async (file) => {
    const { name, size } = await identityOf(file);
    const synced = lastSync.get(name);
    for (const { at, offset, bytes } of overwritten.filter((entry) => entry.file === name)) {
      if (at < (synced?.length ?? 0)) break;
      await file.write(bytes, 0, bytes.length, offset);
      dropped += bytes.length;
    }
    const safe = Math.min(size, synced?.offset ?? 0);
    await file.truncate(safe);
    dropped += size - safe;
  });
  return dropped;
};
