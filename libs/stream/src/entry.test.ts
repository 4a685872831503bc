import { expect, test } from "vitest";
import { entryOf } from "./entry.ts";

const CHUNK = "AQBjaHVuaw==";
const entry = (...fields: readonly string[]) =>
  entryOf([Buffer.from("5-1"), fields.map((field) => Buffer.from(field))]);
const appended = (n: string, d: string) => entry("c", CHUNK, "n", n, "d", d);

test("an entry is what append.lua writes", () => {
  const read = { id: "5-1", ref: `5-1 ${CHUNK}`, storedBytes: CHUNK.length };
  expect(appended("98::k1:98", "98:98::k1:98")).toMatchObject({
    ...read,
    events: 98,
    skip: [],
    total: 98,
    from: { writer: "k1", total: 98 },
  });
  expect(appended("98:0,7,99:k1:198", "101:98:0,7,99:k1:198")).toMatchObject({
    ...read,
    events: 98,
    skip: [0, 7, 99],
    total: 101,
    from: { writer: "k1", total: 198 },
  });
  expect(appended("2:1:k1:98:v1.7.2,-.0.1", "3:2:1:k1:98:v1.7.2,-.0.1")).toMatchObject({
    ...read,
    events: 2,
    skip: [1],
    total: 3,
    from: {
      writer: "k1",
      total: 98,
      rows: [
        ["v1", 7, 2],
        [null, 0, 1],
      ],
    },
  });
  expect(Buffer.from(appended("98::k1:98", "98:98::k1:98").chunk).toString("base64")).toBe(CHUNK);
});

test("the names of the fields may be damaged, their places are not", () => {
  expect(entry("b", CHUNK, "o", "2:0:k:2", "e", "3:2:0:k:2")).toEqual(appended("2:0:k:2", "3:2:0:k:2"));
});

test("what contradicts itself says so, and counts for what was added", () => {
  const damaged = [
    appended("3:0:k:2", "3:2:0:k:2"),
    appended("\u0012:0:k:2", "3:2:0:k:2"),
    appended("2z0:k:2", "3:2:0:k:2"),
    appended("2:1:k:2", "3:2:0:k:2"),
    appended("2:0:k:3", "3:2:0:k:2"),
    appended("2:0:j:2", "3:2:0:k:2"),
    appended("2:0xk:2", "3:2:0:k:2"),
    appended("2:0:k:2", "1:2:0:k:2"),
    appended("2:0:k:2", "3:6:0:k:2"),
    appended("2:0:k:2", "3:2:1:k:2"),
    appended("2:0:k:2", "3:2:p:k:2"),
    appended("2:0:k:2", "3:2:0:k:3"),
    appended("2:0:k:2", "3z2:0:k:2"),
    appended("2:0:k:2:v.7.3", "3:2:0:k:2:v.7.2"),
    appended("2:0:k:2:v.7.2", "3:2:0:k:2:v.7.2"),
    appended("2:0:k:2:v.7.3,", "3:2:0:k:2:v.7.3,"),
    appended("2:0:k:2", "3:2:0:k:2:v.7.3"),
    appended("2:0:k:2:v-7-3", "3:2:0:k:2:v-7-3"),
    appended("\u0012:0:k:2:v.7.3", "3:2:0:k:2:v.7.3"),
  ];
  for (const one of damaged) expect(one).toMatchObject({ events: 2, skip: [], total: null, from: null });
});

test.each([
  ["no number of events", appended("", "")],
  ["no writer", appended("1:", "1:1:")],
  ["an index beyond the chunk's events", appended("1:7:k:1", "2:1:7:k:1")],
  ["indexes that do not grow", appended("1:0,0:k:1", "3:1:0,0:k:1")],
])("%s is nothing to rely on", (_, read) => {
  expect(read).toMatchObject({ skip: [], total: null });
});

test("an entry that no append wrote counts nothing, and keeps all that it holds", () => {
  for (const foreign of [entry("c", CHUNK, "n", "99999999999"), entry("c", CHUNK, "c", CHUNK, "n", "1:", "d", "1:1:")])
    expect(foreign).toMatchObject({ ref: `5-1 ${CHUNK}`, events: 0, total: null, storedBytes: 0 });
  expect(String(entry("who", "k n\u0000ws").chunk)).toBe("whok n\u0000ws");
});

test("whatever a hand wrote, the entry can be named to be settled", () => {
  for (const first of ["a b", "\u0000", "é", "", "x".repeat(100)])
    expect(entry("c", first).ref).toMatch(/^5-1 [!-~]{0,44}$/);
});
