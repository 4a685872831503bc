import { expect, test } from "vitest";
import { readable } from "./readable-log.ts";

const entry = (properties: object) =>
  JSON.stringify({
    "@timestamp": "2026-11-29T08:12:01.123Z",
    level: "WARN",
    message: "lease.taken",
    logger: "spillway.relay",
    properties,
  });

test("a line of an app is its time, level, event and fields", () => {
  expect(readable(entry({ shard: 3, owner: "a-1", reason: "it was free", at: null }))).toBe(
    '08:12:01.123 warn  lease.taken  shard=3  owner=a-1  reason="it was free"  at=null',
  );
});

test("a long line is cut", () => {
  expect(readable(entry({ warning: "x".repeat(1_000) }))).toMatch(/^08:12:01.123 warn {2}lease.taken {2}warning=x+…$/);
});

test.each(["    at main (app.ts:3:1)", "", "null", "5", '{"a":1}', '{"message":'])("%j is left as it is", (line) => {
  expect(readable(line)).toBe(line);
});
