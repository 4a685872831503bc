import fc from "fast-check";
import { expect, test } from "vitest";
import { isJson, NESTING_MAX, nothingSeen, utf8, valueEnd } from "./json.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`json.test.ts SEED=${seed}`);

const encode = (text: string) => new TextEncoder().encode(text);

const isTheirs = (bytes: Uint8Array): boolean => {
  try {
    JSON.parse(utf8(bytes) ?? "");
    return true;
  } catch {
    return false;
  }
};

const pieces =
  '{ } [ ] , : " \\ \\u00 \\ud800 0 00 -0 - 1 1. .5 1.5 e E e5 e+ E-7 true false null tru "a" "a":1 {} [] [[ ]] é 😀 \u0000 \u007f \u0001 \ufeff NaN "\\n" "\\/" "\\x" "\\u12aF"'.split(
    " ",
  );
const soup = fc.array(fc.constantFrom(...pieces, " ", "\n", "\r", "\t", "\f", "\v"), { maxLength: 12 });
const mutated = fc
  .tuple(fc.jsonValue(), fc.constantFrom(0, 1), fc.nat(), fc.option(fc.nat(255)))
  .map(([value, indent, where, byte]) => {
    const bytes = encode(JSON.stringify(value, null, indent));
    if (byte !== null) bytes[where % bytes.length] = byte;
    return bytes;
  });

test("what is taken for JSON is what JSON.parse takes for it, and nothing else", () => {
  const anyBytes = fc.oneof(
    soup.map((parts) => encode(parts.join(""))),
    mutated,
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => isJson(bytes) === isTheirs(bytes)),
    { seed, numRuns: 20_000 },
  );
});

test("depth is counted, beyond what any stack would bear, up to where nothing is read on", () => {
  const seen = nothingSeen();
  const deepest = encode(`${"[".repeat(NESTING_MAX)}${"]".repeat(NESTING_MAX)}`);
  expect(valueEnd(deepest, 0, seen)).toBe(deepest.length);
  expect(seen.depth).toBe(NESTING_MAX);
  expect(valueEnd(encode("[".repeat(1_000_000)), 0, seen)).toBe(~NESTING_MAX);
  expect(seen.depth).toBe(NESTING_MAX + 1);
});
