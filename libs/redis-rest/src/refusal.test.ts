import { expect, test } from "vitest";
import { refusalOf } from "./refusal.ts";

const toCommand = (line: string) => {
  const [name = "", ...args] = line.split(" ");
  return { name, args };
};

test.each([
  "XREAD BLOCK 0 STREAMS s $",
  "XREAD COUNT 1 block 0 STREAMS s $",
  "XREADGROUP GROUP STREAMS STREAMS BLOCK 0 STREAMS s >",
  "XREADGROUP NOACK COUNT 2 BLOCK 5 GROUP g c STREAMS s >",
  "CLIENT KILL ID 1",
  "CLIENT",
  "CONFIG",
  "CONFIG GET",
  "CONFIG get appendonly *",
  "CONFIG REWRITE",
  "SCRIPT debug SYNC",
])("%s is refused", (line) => {
  expect(refusalOf(toCommand(line))?.message).toContain(`ERR Command is not available: '${line.split(" ")[0]}'`);
});

test.each([
  "XREAD STREAMS BLOCK 0",
  "XREAD COUNT BLOCK STREAMS s 0",
  "XREAD",
  "XREADGROUP GROUP BLOCK BLOCK STREAMS BLOCK >",
  "XREADGROUP GROUP g c NOACK STREAMS block >",
  "CLIENT SETINFO LIB-NAME x",
  "CONFIG GET appendonly APPENDFSYNC",
  "SCRIPT LOAD x",
  "EVALSHA x 0",
  "FLUSHALL",
])("%s is allowed", (line) => {
  expect(refusalOf(toCommand(line))).toBeUndefined();
});

test("an argument of bytes is read like text", () => {
  expect(refusalOf({ name: "CLIENT", args: [Buffer.from("PAUSE")] })?.message).toContain("'CLIENT'");
});
