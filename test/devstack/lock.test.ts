import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bunBinary } from "@spillway/backends";
import { takeLock } from "@spillway/devstack/lock";
import { afterEach, beforeEach, expect, test } from "vitest";

const source = fileURLToPath(new URL("../../libs/devstack/src/lock.ts", import.meta.url));
let file = "";
beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), "spillway-lock-")), "x.lock");
});
afterEach(() => rm(dirname(file), { recursive: true, force: true }));

test("one holds it; after the release it is free", () => {
  const first = takeLock(file);
  expect(first).toBeDefined();
  expect(takeLock(file)).toBeUndefined();
  first?.release();
  expect(takeLock(file)).toBeDefined();
});

test("of many at once exactly one takes it", () => {
  for (let round = 0; round < 20; round++) {
    const held = Array.from({ length: 16 }, () => takeLock(file)).filter((lock) => lock !== undefined);
    expect(held).toHaveLength(1);
    for (const lock of held) lock.release();
  }
});

test("of many processes at once exactly one takes it, and an owner that is killed holds nothing", async () => {
  const code = `const { takeLock } = await import(${JSON.stringify(source)});
    const kind = takeLock(${JSON.stringify(file)}) ? "held" : "taken";
    Bun.gc(true);
    console.log(kind);
    setInterval(() => undefined, 1_000);`;
  const children = Array.from({ length: 4 }, () =>
    spawn(bunBinary(), ["-e", code], { stdio: ["ignore", "pipe", "inherit"] }),
  );
  try {
    const said = await Promise.all(
      children.map((child) => once(child.stdout, "data").then(([text]) => String(text).trim())),
    );
    expect(said.toSorted()).toEqual(["held", "taken", "taken", "taken"]);
    expect(takeLock(file)).toBeUndefined();
  } finally {
    await Promise.all(
      children.map((child) => {
        const exited = once(child, "exit");
        child.kill("SIGKILL");
        return exited;
      }),
    );
  }
  expect(takeLock(file)).toBeDefined();
});
