/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { expect, test } from "vitest";
import { countOf } from "./format.ts";
import { Plot, type Series } from "./plot.tsx";

const drawn = (series: Series, now: number | null): string =>
  String(
    <Plot name="waiting" over="the last minute" {...{ series, now }} fromMs={0} untilMs={60_000} show={countOf} />,
  );

test("the line ends at what is now, and what stands beside it is the most of the line", () => {
  const series = [
    { atMs: -1, value: 9_000 },
    { atMs: 57_600, value: 5 },
    { atMs: 59_000, value: 4 },
    { atMs: 60_000, value: 7_000 },
  ];
  const markup = drawn(series, 10);
  expect(markup).toContain("waiting <b>10</b> <span>at most 10</span>");
  expect(markup).toContain('aria-label="waiting, the last minute: at most 10"');
  expect(markup).toContain('<path d="M288.0 26.0L295.0 30.6L300.0 3.0">');
});

test("what is not known is a gap, and is no zero", () => {
  const markup = drawn([{ atMs: 1_000, value: 5 }], null);
  expect(markup).toContain("<b>unknown</b> <span>at most 5</span>");
  expect(markup.match(/<path /g)).toHaveLength(2);
  expect(drawn([], null)).toContain("<b>unknown</b> <span>nothing is known yet</span>");
});
