import { expect, test } from "vitest";
import { readBinary } from "./binary.ts";
import type { Defaults } from "./event.ts";

const defaults: Defaults = { source: "/key", nowMs: 0, newId: () => "new-id", traceparent: null };
const limits = { eventBytesMax: 10_000, depthMax: 16 };
const encode = (text: string) => new TextEncoder().encode(text);
const read = (headers: Record<string, string>, mediaType: string, body: Uint8Array) => {
  const event = readBinary(Object.entries(headers), mediaType, body, defaults, limits);
  return event.kind === "ok" ? JSON.parse(new TextDecoder().decode(event.bytes)) : event;
};
const required = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t" };

test("attributes come from the headers and JSON data is embedded as it was sent", () => {
  const event = readBinary(Object.entries(required), "application/json", encode('{"n":1e400}'), defaults, limits);
  expect(event.kind === "ok" && new TextDecoder().decode(event.bytes)).toContain('"data":{"n":1e400}}');
});

test("data that is not JSON becomes data_base64", () => {
  const bytes = Uint8Array.from({ length: 20_000 / 4 }, (_, i) => i % 256);
  const event = read(required, "application/octet-stream", bytes);
  expect(Uint8Array.from(atob(event.data_base64), (c) => c.charCodeAt(0))).toEqual(bytes);
  expect(event.datacontenttype).toBe("application/octet-stream");
});

test("an event may have no data", () => {
  expect(read(required, "", encode(""))).not.toHaveProperty("data");
});

test("header values are percent-decoded UTF-8", () => {
  expect(read({ ...required, "ce-subject": "Euro%20%E2%82%AC%20%F0%9F%98%80" }, "", encode("")).subject).toBe(
    "Euro € 😀",
  );
});

test("quoted values are unescaped, and then percent-decoded", () => {
  const subject = (value: string) => read({ ...required, "ce-subject": value }, "", encode("")).subject;
  expect(subject('"plain"')).toBe("plain");
  expect(subject('"Doe, Jane"')).toBe("Doe, Jane");
  expect(subject('"a \\"b\\" \\\\c %22d%22"')).toBe('a "b" \\c "d"');
  expect(subject("5'11%22")).toBe("5'11\"");
  expect(subject("a%2C%20b,c")).toBe("a, b,c");
});

test("an event without data may name a media type: the official SDK always does", () => {
  const event = read(required, "application/json", encode(""));
  expect(event).toMatchObject({ datacontenttype: "application/json" });
  expect(event).not.toHaveProperty("data");
});

const refused: [string, Record<string, string>, string, string][] = [
  ["an overlong percent sequence", { ...required, "ce-subject": "%C0%A0" }, "", "invalid_encoding"],
  ["raw UTF-8, as fetch shows it", { ...required, "ce-subject": "Zo\u00c3\u00ab" }, "", "invalid_encoding"],
  ["raw Latin-1", { ...required, "ce-subject": "caf\u00e9" }, "", "invalid_encoding"],
  ["a tab", { ...required, "ce-subject": "a\tb" }, "", "invalid_encoding"],
  ["a header that came twice", { ...required, "ce-id": "1, 1" }, "", "invalid_encoding"],
  ["a quoted header that came twice", { ...required, "ce-id": '"1", "1"' }, "", "invalid_encoding"],
  ["a quoted string without an end", { ...required, "ce-id": '"1\\"' }, "", "invalid_encoding"],
  ["an empty id", { ...required, "ce-id": "" }, "", "invalid_attribute"],
  ["an empty quoted id", { ...required, "ce-id": '""' }, "", "invalid_attribute"],
  ["a time that is none", { ...required, "ce-time": "2020-02-30T00:00:00Z" }, "", "invalid_attribute"],
  ["a schema that is none", { ...required, "ce-dataschema": "/s" }, "", "invalid_attribute"],
  ["a name with a capital, percent-encoded or not", { ...required, "ce-a_b": "1" }, "", "invalid_attribute_name"],
  ["an attribute named data", { ...required, "ce-data": "1" }, "", "invalid_attribute_name"],
  ["ce-datacontenttype", { ...required, "ce-datacontenttype": "text/plain" }, "", "invalid_attribute_name"],
  ["a missing type", { "ce-id": "1" }, "", "missing_attribute"],
  ["a line feed in an attribute", { ...required, "ce-subject": "a%0Ab" }, "", "invalid_attribute"],
  ["data that breaks out of its member", required, '1,"id":"forged"', "invalid_json"],
];
test.each(refused)("%s is refused", (_what, headers, body, code) => {
  expect(read(headers, "application/json", encode(body))).toMatchObject({ kind: "invalid", code });
});
