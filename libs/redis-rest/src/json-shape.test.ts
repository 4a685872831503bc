import { describe, expect, test } from "vitest";
import { isShallow } from "./json-shape.ts";

type Shape = { readonly depth: number; readonly containers: number };

const shapeOf = (value: unknown): Shape => {
  if (typeof value !== "object" || value === null) return { depth: 0, containers: 0 };
  const inner = Object.values(value).map(shapeOf);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    containers: 1 + inner.reduce((sum, { containers }) => sum + containers, 0),
  };
};

const strings = ["", "[", "]]]", "{", '"', "\\", '\\"', '"[\\', "\\\\\\", "{[}]", "é[", '":{"'];

const createRandomJson = (seed: number) => {
  let state = seed;
  const below = (bound: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const text = () => Array.from({ length: below(4) }, () => strings[below(strings.length)]).join("");
  return function json(depth: number): unknown {
    const kind = below(depth === 0 ? 3 : 5);
    if (kind === 3) return Array.from({ length: below(4) }, () => json(depth - 1));
    if (kind === 4) return Object.fromEntries(Array.from({ length: below(4) }, () => [text(), json(depth - 1)]));
    return [text(), below(100), null][kind];
  };
};

describe("isShallow", () => {
  test("agrees with the parsed value on random JSON, with any strings in it", () => {
    const seed = Date.now() >>> 0;
    const json = createRandomJson(seed);
    for (let round = 0; round < 3_000; round += 1) {
      const value = json(5);
      const { depth, containers } = shapeOf(value);
      for (const text of [JSON.stringify(value), JSON.stringify(value, null, " ")]) {
        const say = `seed ${seed}, ${text}`;
        expect(isShallow(text, depth, containers), say).toBe(true);
        if (containers > 0) {
          expect(isShallow(text, depth - 1, containers), say).toBe(false);
          expect(isShallow(text, depth, containers - 1), say).toBe(false);
        }
      }
    }
  });

  test.each(["", '"', '"\\', '["a', "]]]]", '"\\"'])("%j, which is no JSON, ends", (text) => {
    expect(isShallow(text, 3, 3)).toBe(true);
  });

  test("five million levels are refused at the first too many", () => {
    expect(isShallow("[".repeat(5_000_000), 3, Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});
