import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { findProcess, readProc, readPs } from "./table.ts";

test.runIf(process.platform === "linux")("/proc and ps agree about this process", async () => {
  const [fromProc, fromPs] = await Promise.all([readProc(process.pid), readPs(process.pid)]);
  expect(fromProc?.parent).toBe(process.ppid);
  expect(fromPs?.parent).toBe(process.ppid);
  expect(fromPs?.command).toBe(fromProc?.command);
  expect(fromPs?.startedAt).toBe((await readPs(process.pid))?.startedAt);
});

test("a process that has ended is not found, by either", async () => {
  const child = spawn("/bin/sh", ["-c", "exit 0"]);
  const pid = child.pid ?? 0;
  await new Promise((resolve) => child.once("exit", resolve));
  expect(await findProcess(pid)).toBeUndefined();
  expect(await readPs(pid)).toBeUndefined();
});
