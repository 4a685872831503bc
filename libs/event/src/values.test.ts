import fc from "fast-check";
import { expect, test } from "vitest";
import { Texts } from "./values.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`values.test.ts SEED=${seed}`);

const bodyOf = (length: number, first: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (first + at * 31 + (at >> 8)) & 0x7f);
const bodies = [bodyOf(300, 0), bodyOf(200_000, 1)];

test("texts are those of the bytes, wherever and in whatever order they are cut", () => {
  const index = fc.nat(200_000);
  const cut = fc.tuple(fc.nat(1), index, index);
  fc.assert(
    fc.property(fc.array(cut, { maxLength: 20 }), (cuts) => {
      const texts = new Texts();
      for (const [which, one, other] of cuts) {
        const bytes = bodies[which] as Uint8Array;
        const [from, to] = [one % bytes.length, other % bytes.length].sort((a, b) => a - b) as [number, number];
        expect(texts.cut(bytes, from, to) === new TextDecoder().decode(bytes.subarray(from, to))).toBe(true);
      }
    }),
    { seed },
  );
});
