import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventStoreConformance } from "./event-store.fixture.ts";
import { createFileStore } from "./file-store.ts";

const folder = mkdtempSync(join(tmpdir(), "spillway-file-store-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = () => join(folder, `events-${++files}`);

eventStoreConformance("a file", fresh, createFileStore);

const putTwo = async (path: string) => {
  const store = createFileStore(path);
  await store.open();
  await store.put('{"id":"a"}');
  await store.put('{"id":"b"}');
  await store.close();
};
const idsIn = async (path: string): Promise<string[]> => {
  const store = createFileStore(path);
  const kept = await store.open();
  await store.close();
  return kept.map(({ text }) => JSON.parse(text).id);
};

test("a line that was being written when the process ended is not there, and the next one is whole", async () => {
  const path = fresh();
  await putTwo(path);
  appendFileSync(path, '+3 {"id":"to');
  expect(await idsIn(path)).toEqual(["a", "b"]);
  const store = createFileStore(path);
  await store.open();
  await store.put('{"id":"c"}');
  await store.close();
  expect(await idsIn(path)).toEqual(["a", "b", "c"]);
});

test("a file that is damaged before its end is refused, and left as it is", async () => {
  const path = fresh();
  await putTwo(path);
  const content = readFileSync(path, "utf8").replace("+1", "?1");
  writeFileSync(path, content);
  await expect(createFileStore(path).open()).rejects.toThrow("line 1 of the store is damaged");
  expect(readFileSync(path, "utf8")).toBe(content);
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test("one client has it: another is told who", async () => {
  const path = fresh();
  const store = createFileStore(path);
  await store.open();
  await expect(createFileStore(path).open()).rejects.toThrow(`in use by process ${process.pid}`);
  await store.close();
  writeFileSync(`${path}.lock`, String(process.ppid));
  await expect(createFileStore(path).open()).rejects.toThrow(`in use by process ${process.ppid}`);
});

test("one that a dead process left is taken over", async () => {
  const path = fresh();
  await putTwo(path);
  // Above the greatest pid that Linux gives.
  writeFileSync(`${path}.lock`, "4194305");
  expect(await idsIn(path)).toEqual(["a", "b"]);
});

test("the file is its owner's alone, and empty when nothing is kept", async () => {
  const path = fresh();
  const store = createFileStore(path);
  await store.open();
  await store.remove(await store.put('{"id":"a"}'));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(path).size).toBeGreaterThan(0);
  await store.close();
  expect([statSync(path).mode & 0o777, statSync(path).size]).toEqual([0o600, 0]);
});

test("what was removed leaves the file while it is open, and what is kept stays", async () => {
  const path = fresh();
  const store = createFileStore(path);
  await store.open();
  await store.put('{"id":"kept"}');
  const text = JSON.stringify({ id: "large", data: "x".repeat(200_000) });
  let largest = 0;
  for (let n = 0; n < 40; n++) {
    await store.remove(await store.put(text));
    largest = Math.max(largest, statSync(path).size);
  }
  await store.put('{"id":"last"}');
  await store.close();
  expect(largest).toBeLessThan(2_000_000);
  expect(await idsIn(path)).toEqual(["kept", "last"]);
});
