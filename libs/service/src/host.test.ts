import { expect, test } from "vitest";
import { isHost } from "./host.ts";

test.each([
  ...[
    null,
    "",
    ":80",
    "edge",
    "edge:8787",
    "edge:",
    "EDGE.example.",
    "127.0.0.1:3000",
    "a_b",
    "a,b",
    "a!$&'()*+,;=~_-.b:1",
    "%41",
    "a%2fb",
  ],
  ...["[::1]", "[::1]:80", "[::ffff:1.2.3.4]:", "[2001:DB8::1]", "[v1.a:b]"],
])("%j is a host", (host) => {
  expect(isHost(host)).toBe(true);
});

test.each([
  ...[
    "a b",
    "a, b",
    "a, a",
    ", ",
    "a, ",
    ", a",
    "///",
    "u:p@h",
    "u@h",
    "%zz",
    "%4",
    "x/livez",
    "a?b",
    "a#b",
    "a\\b",
    "a|b",
    "é",
    "a\tb",
  ],
  ...[
    "[::1",
    "::1",
    "[::1]x",
    "[]",
    "[zz]",
    "[1]",
    "[:::1]",
    "[1::2::3]",
    "[::1%25lo]",
    "[v.a]",
    "edge:8a",
    "edge:80:80",
    "edge:-1",
  ],
])("%j is none", (host) => {
  expect(isHost(host)).toBe(false);
});
