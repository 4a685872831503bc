import { expect, test } from "vitest";
import { keptOf, readKept, writeKept } from "./kept.ts";

const fields = new Map([
  ["form_token", "secret"],
  ["reason", "typed"],
]);

test("a form is kept without its token, and read as it was", () => {
  const kept = keptOf("/dead-letters/7/discard", fields);
  expect(kept).toEqual({ path: "/dead-letters/7/discard", fields: [["reason", "typed"]] });
  expect(readKept(writeKept(kept))).toEqual(kept);
});

test.each(["//evil.example/x", "https://evil.example", "/\\evil.example", "/logout", "/login", "", "/a?b", 7])(
  "nothing is kept for %j",
  (path) => {
    expect(readKept(JSON.stringify({ path, fields: [] }))).toBeNull();
  },
);

test.each([
  "",
  "{",
  "null",
  "[]",
  '{"path":"/jobs"}',
  '{"path":"/jobs","fields":[["a"]]}',
  '{"path":"/jobs","fields":[["a",7]]}',
])("%s is not ours", (text) => {
  expect(readKept(text)).toBeNull();
});

test("what is too long is not kept", () => {
  expect(writeKept(keptOf("/jobs", new Map([["reason", "x".repeat(5_000)]])))).toBe("");
  expect(readKept(undefined)).toBeNull();
});
