import { expect, test } from "vitest";
import { groupFields, queryString, readQuery, timeOf } from "./query.ts";

const NOW_MS = Date.UTC(2026, 10, 30, 12);
const read = (text: string) => readQuery(new URLSearchParams(text), NOW_MS);

test("an address is a filter, and the filter the same address", () => {
  const text =
    "?class=oversize&code=message_too_large&topic=events&type=invoice.created&key=a+b&source=%2Fshop&id=7&since=2h&until=2026-11-30&q=100%25";
  const { fields, filter, problems } = read(text);
  expect(problems).toEqual([]);
  expect(filter).toEqual({
    status: "waiting",
    deadLetterClass: "oversize",
    code: "message_too_large",
    topic: "events",
    type: "invoice.created",
    partitionKey: "a b",
    source: "/shop",
    eventId: "7",
    sinceMs: NOW_MS - 7_200_000,
    untilMs: NOW_MS - 12 * 3_600_000,
    text: "100%",
  });
  expect(queryString(fields)).toBe(text);
  expect(queryString(fields, { before: "9", after: null })).toBe(`${text}&before=9`);
});

test("a group's address finds the group, also of letters without a topic or a type", () => {
  const group = { deadLetterClass: "undecodable", code: "bad_chunk", topic: null, type: null } as const;
  expect(read(queryString(groupFields(group))).filter).toEqual({ ...group, status: "waiting" });
  const named = { ...group, topic: "t", type: "(none)" };
  expect(read(queryString(groupFields(named))).filter).toEqual({ ...named, status: "waiting" });
});

test("nothing asked for is what waits; any state is no condition", () => {
  expect(read("type=+&class=").filter).toEqual({ status: "waiting" });
  expect(read("status=any").filter).toEqual({});
});

test.each([
  "status=gone",
  "class=x",
  "since=yesterday",
  "until=1e3d",
  "since=2026-13-01",
  "no=key",
  "q=a%00b",
  `key=${"x".repeat(1_025)}`,
])("%s is told in a sentence, and what was typed is kept", (text) => {
  const { fields, filter, problems } = read(`${text}&code=c`);
  expect(problems.length).toBe(1);
  expect(fields.code).toBe("c");
  expect(filter).toEqual({});
});

test.each([
  ["90s", NOW_MS - 90_000],
  ["15m", NOW_MS - 900_000],
  ["7d", NOW_MS - 7 * 86_400_000],
  ["2026-11-30", Date.UTC(2026, 10, 30)],
  ["2026-11-30 02:14", Date.UTC(2026, 10, 30, 2, 14)],
  ["2026-11-30T02:14:05Z", Date.UTC(2026, 10, 30, 2, 14, 5)],
  ["2026-11-30T02:14+01:00", Date.UTC(2026, 10, 30, 1, 14)],
  ["", null],
  ["-1d", null],
  ["2026-11-30T99:99", null],
])("the time %j", (text, expected) => {
  expect(timeOf(text, NOW_MS)).toBe(expected);
});
