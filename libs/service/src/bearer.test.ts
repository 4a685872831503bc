import { platform } from "@spillway/event/platform-node";
import { expect, test } from "vitest";
import { bearerTokenOf, createBearerCheck } from "./bearer.ts";
import { hashSecret, isToken, sameHash } from "./secret.ts";

const TOKEN = "a-token.of_16~b+/64==";

test.each([
  [true, `Bearer ${TOKEN}`],
  [true, `bearer ${TOKEN}`],
  [true, `BEARER   \t ${TOKEN}`],
  [false, null],
  [false, ""],
  [false, "Bearer"],
  [false, "Bearer "],
  [false, TOKEN],
  [false, `Basic ${TOKEN}`],
  [false, `Bearer${TOKEN}`],
  [false, `Bearer ${TOKEN}x`],
  [false, `Bearer ${TOKEN.slice(1)}`],
  [false, `Bearer ${TOKEN}, Bearer ${TOKEN}`],
  [false, `Bearer ${TOKEN} ${TOKEN}`],
  [false, `Bearer ${"x".repeat(1_000_000)}`],
  [false, `Bearer ${" ".repeat(1_000_000)}x`],
])("has the token: %s, in row %#", (expected, authorization) => {
  expect(createBearerCheck(TOKEN, platform)(authorization)).toBe(expected);
});

test.each(
  `"quoted" 'quoted' a;b a|b a,b a:b a=b =a \${API_KEY} {{.Values.x}} <your-key> $2b$12$x {SSHA}x ["k"] a\\b a%b a@b`.split(
    " ",
  ),
)("%s is no token", (text) => {
  expect([isToken(text), bearerTokenOf(`Bearer ${text}`)]).toEqual([false, null]);
});

test("every token that the start accepts is found in its header, and no other", () => {
  for (let code = 0; code < 0x300; code++) {
    const text = `t${String.fromCharCode(code)}n`;
    expect(bearerTokenOf(`Bearer ${text}`)).toBe(isToken(text) ? text : null);
  }
  const longest = "x".repeat(512);
  expect([isToken(longest), bearerTokenOf(`Bearer ${longest}`)]).toEqual([true, longest]);
  expect([isToken(`${longest}x`), bearerTokenOf(`Bearer ${longest}x`)]).toEqual([false, null]);
});

test("hashes are the same only when every byte is", () => {
  const hash = hashSecret("a", platform);
  expect(sameHash(hash, Uint8Array.from(hash))).toBe(true);
  for (let i = 0; i < hash.length; i++) {
    const other = Uint8Array.from(hash);
    other[i] = (other[i] as number) ^ 1;
    expect(sameHash(hash, other)).toBe(false);
  }
  expect(sameHash(hash, hash.slice(0, 31))).toBe(false);
  expect(sameHash(hash.slice(0, 31), hash)).toBe(false);
});
