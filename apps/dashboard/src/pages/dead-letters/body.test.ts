import { expect, test } from "vitest";
import { bodyOf, indented } from "./body.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

test("JSON is indented with the very tokens that were sent: big numbers, escapes, doubled names", () => {
  const json = String.raw`{"n":12345678901234567890.10,"e":1e400,"s":"a\"{,\u202e","n":[],"o":{},"a":[1,{"b":null}]}`;
  expect(indented(json)).toBe(
    String.raw`{
  "n": 12345678901234567890.10,
  "e": 1e400,
  "s": "a\"{,\u202e",
  "n": [],
  "o": {},
  "a": [
    1,
    {
      "b": null
    }
  ]
}`,
  );
});

test("bytes that are no JSON are raw, bytes that are no text are hex, and both say so", () => {
  expect(bodyOf(bytesOf('{"a":'), "pretty")).toMatchObject({
    view: "raw",
    text: '{"a":',
    note: "The bytes are not JSON.",
  });
  expect(bodyOf(Uint8Array.of(0x7b, 0xff, 0x0a), "raw")).toEqual({
    view: "hex",
    text: "000000  7b ff 0a                                         {..",
    bytesShown: 3,
    note: "The bytes are not UTF-8.",
  });
  expect(bodyOf(new Uint8Array(), "hex")).toMatchObject({ view: "hex", text: "", bytesShown: 0 });
});

test("a megabyte is bounded, and no character is torn at the cut", () => {
  const long = bytesOf(JSON.stringify({ a: "€".repeat(400_000) }));
  for (const view of ["pretty", "raw", "hex"] as const) {
    const body = bodyOf(long, view);
    expect(body.view).toBe(view);
    expect(body.text.length).toBeLessThan(34 * 1024);
    expect(body.text).not.toContain("\ufffd");
  }
});

test("8,000 brackets do not become megabytes of spaces", () => {
  const deep = bodyOf(bytesOf("[".repeat(4_000) + "]".repeat(4_000)), "pretty");
  expect(deep.text.length).toBeLessThan(34 * 1024);
});
