import { expect, test } from "vitest";
import { readForm } from "./form.ts";

const TYPE = "application/x-www-form-urlencoded";
const read = (body: BodyInit | null, type = TYPE) => {
  // Node wants `duplex` with a stream.
  const init = { method: "POST", body, headers: { "content-type": type }, duplex: "half" };
  return readForm(new Request("http://x/", init), 100);
};
const streamOf = (...parts: readonly (string | Error)[]) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      for (const part of parts)
        if (typeof part === "string") controller.enqueue(new TextEncoder().encode(part));
        else return controller.error(part);
      controller.close();
    },
  });

test.each([
  ["password=a+b%20%E2%82%AC", [["password", "a b €"]]],
  [
    "a=1&b=2&a=3&&c&=d",
    [
      ["a", "3"],
      ["b", "2"],
    ],
  ],
  [
    "__proto__=1&constructor=2",
    [
      ["__proto__", "1"],
      ["constructor", "2"],
    ],
  ],
  ["a=%00", [["a", "\u0000"]]],
  ["", []],
])("the form %s has its fields", async (body, fields) => {
  const form = await read(body, `${TYPE}; charset=UTF-8`);
  expect(form.kind === "ok" && [...form.fields]).toEqual(fields);
});

test.each([
  "application/json",
  "text/plain",
  "multipart/form-data; boundary=x",
  "application/x-www-form-urlencodedx",
  "",
])("the body of type %j has no fields", async (type) => {
  expect(await read("password=a", type)).toEqual({ kind: "ok", fields: new Map() });
});

test.each(["a=%", "a=%zz", "a=%ff", "a=%ED%A0%80", new Uint8Array([0x61, 0x3d, 0xff])])(
  "the form %s is damaged: it is no UTF-8",
  async (body) => {
    expect(await read(body)).toEqual({ kind: "damaged" });
  },
);

test("a form is read to its limit, whether it says its length or not", async () => {
  expect((await read(`a=${"x".repeat(98)}`)).kind).toBe("ok");
  expect((await read(`a=${"x".repeat(99)}`)).kind).toBe("too_large");
  expect((await read(streamOf("a=", "x".repeat(98)))).kind).toBe("ok");
  expect((await read(streamOf("a=", "x".repeat(99)))).kind).toBe("too_large");
});

test("a form whose sender goes away is damaged, and nothing is thrown", async () => {
  expect(await read(streamOf("a=1", new Error("gone")))).toEqual({ kind: "damaged" });
});
