import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunBinary } from "@spillway/backends";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeLock } from "./lock.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("one holds it, the other learns who; after the release it is free", async () => {
  const file = join(folder, "x.lock");
  const first = await takeLock(file);
  expect(await takeLock(file)).toMatchObject({ kind: "taken", by: { pid: process.pid } });
  if (first.kind === "held") await first.lock.release();
  expect((await takeLock(file)).kind).toBe("held");
});

test("of many at once exactly one takes it, whoever held it before", async () => {
  const file = join(folder, "x.lock");
  for (let round = 0; round < 20; round++) {
    await writeFile(file, JSON.stringify({ pid: process.pid, startedAt: "long ago" }));
    const attempts = await Promise.all(Array.from({ length: 16 }, () => takeLock(file)));
    const held = attempts.filter((attempt) => attempt.kind === "held");
    expect(held).toHaveLength(1);
    for (const { lock } of held) await lock.release();
  }
});

test("a holder that is killed holds nothing", async () => {
  const file = join(folder, "x.lock");
  const code = `const { takeLock } = await import(${JSON.stringify(join(import.meta.dirname, "lock.ts"))});
    const { kind } = await takeLock(${JSON.stringify(file)});
    Bun.gc(true);
    console.log(kind);
    setInterval(() => undefined, 1_000);`;
  const child = spawn(bunBinary(), ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  try {
    const [said] = await once(child.stdout, "data");
    expect(String(said).trim()).toBe("held");
    expect(await takeLock(file)).toMatchObject({ kind: "taken", by: { pid: child.pid } });
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
  expect((await takeLock(file)).kind).toBe("held");
});
