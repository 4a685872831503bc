import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { curlOf } from "./curl.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** What a shell gives to a program in the place of curl, argument by argument. */
const argumentsOf = (command: string): readonly string[] => {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
  return execFileSync("/bin/sh", ["-c", script], { env: { EDGE_URL: "http://e", API_KEY: "k" } })
    .toString()
    .split("\0");
};

test.each([
  `{"n":12345678901234567890,"s":"it's $(reboot) \`id\` \\\\ \\n !x"}`,
  `'; curl evil.example; '`,
  '{\n  "a": 1e400\n}',
  "-d @/etc/passwd",
  "@/etc/passwd",
])("a shell hands over %j as it is, and runs nothing", (text) => {
  const given = argumentsOf(curlOf("7", encode(text)));
  expect(given).toEqual([
    "-i",
    "http://e/v1/events",
    "-H",
    "authorization: Bearer k",
    "-H",
    "content-type: application/cloudevents+json",
    "--data-binary",
    text,
    "",
  ]);
});

test.each([
  ["long", encode("x".repeat(2_001))],
  ["no UTF-8", Uint8Array.of(0xff)],
  ["with what cannot be seen", encode("a\u202eb\u001b[2J")],
  ["with a mark of order", encode("\ufeff{}")],
])("what is %s is the file of the download", (_, bytes) => {
  expect(curlOf("7", bytes)).toContain("--data-binary @letter-7.bin");
});
