import { expect, test } from "vitest";
import { traceContextOf } from "./trace-context.ts";

const trace = "0af7651916cd43dd8448eb211c80319c";
const span = "b7ad6b7169203331";
const parent = `00-${trace}-${span}-01`;

test.each([
  parent,
  `00-${trace}-${span}-ff`,
  `01-${trace}-${span}-01`,
  `cc-${trace}-${span}-01-what-the-future-brings`,
])("%s is passed on as it is", (traceparent) => {
  expect(traceContextOf(traceparent, null)).toEqual({ traceparent });
});

test.each([
  null,
  undefined,
  7,
  "",
  `ff-${trace}-${span}-01`,
  `00-${"0".repeat(32)}-${span}-01`,
  `00-${trace}-${"0".repeat(16)}-01`,
  `01-${"0".repeat(32)}-${span}-01-x`,
  `00-${trace}-${span}-01-x`,
  `00-${trace}-${span}-01-`,
  `01-${trace}-${span}-01x`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace}-${span}`,
  `${parent}, ${parent}`,
  `01-${trace}-${span}-01-${"x".repeat(500)}`,
  `01-${trace}-${span}-01-a b`,
])("%s is left out, and its tracestate with it", (traceparent) => {
  expect(traceContextOf(traceparent, "a=1")).toEqual({ traceparent: null });
});

test.each(["a=1", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "1a-_*/@b=x y!", "a=1 ,\tb=2,,", `a=${"x".repeat(256)}`])(
  "the tracestate %s belongs to its traceparent",
  (tracestate) => {
    expect(traceContextOf(parent, tracestate)).toEqual({ traceparent: parent, tracestate });
  },
);

test.each([
  "",
  ",",
  "a",
  "a=",
  "=1",
  "A=1",
  "a=b=c",
  "a= ",
  "a@=1",
  "a@1=1",
  "a=\u00e9",
  "a=1\nb",
  `a=${"x".repeat(257)}`,
  Array.from({ length: 33 }, (_, i) => `a${i}=1`).join(),
  `a=1,${" ".repeat(600)}`,
  true,
])("the tracestate %j is left out, its traceparent is not", (tracestate) => {
  expect(traceContextOf(parent, tracestate)).toEqual({ traceparent: parent });
});
