/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { expect, test } from "vitest";
import { Shown } from "./shown.tsx";

const markup = (text: string | null, props: { max?: number; lines?: boolean } = {}): string =>
  String(<Shown text={text} {...props} />);

test.each([
  ["<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"],
  ["a\u202Eb", 'a<span class="mark">U+202E</span>b'],
  ["a\u200Bb\u2066c", 'a<span class="mark">U+200B</span>b<span class="mark">U+2066</span>c'],
  ["a\nb\u0000", 'a<span class="mark">U+000A</span>b<span class="mark">U+0000</span>'],
  ["\u{E0041}", '<span class="mark">U+E0041</span>'],
  ["Grüße 日本 😀", "Grüße 日本 😀"],
])("%j is inert", (text, inside) => {
  expect(markup(text)).toBe(`<bdi>${inside}</bdi>`);
});

test("a body keeps its lines and tabs, and nothing else", () => {
  expect(markup("a\n\tb\r", { lines: true })).toBe('<bdi>a\n\tb<span class="mark">U+000D</span></bdi>');
});

test("what is long is cut between characters, and what is absent is a dash", () => {
  expect(markup("ab😀", { max: 3 })).toBe("<bdi>ab…</bdi>");
  expect(markup("abc", { max: 3 })).toBe("<bdi>abc</bdi>");
  expect(markup(null)).toBe("–");
});
