import type { SinkRecord } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { batchesBySpan, bytesMessages } from "./platformatic-messages.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 1_790_000_000_000;

const record = (over: Partial<SinkRecord> = {}): SinkRecord => ({
  key: "k",
  value: Buffer.from("v"),
  headers: {},
  timestampMs: NOW_MS,
  ...over,
});

const spans = (...daysAgo: number[]) =>
  batchesBySpan(daysAgo.map((days) => record({ timestampMs: NOW_MS - days * DAY_MS }))).map((batch) =>
    batch.map(({ timestampMs }) => (NOW_MS - timestampMs) / DAY_MS),
  );

describe("batchesBySpan", () => {
  test("leaves records of one time together", () => {
    expect(spans(0, 0, 24, 1)).toEqual([[0, 0, 24, 1]]);
  });

  test("begins a new batch, in order, where the client's bits would overflow", () => {
    expect(spans(0, 25, 24, 0)).toEqual([[0], [25, 24], [0]]);
    expect(spans(90, 0, 30)).toEqual([[90], [0], [30]]);
  });
});

describe("bytesMessages", () => {
  test("make bytes of everything and a view of the value", () => {
    const memory = Buffer.from("before value after");
    const [message] = bytesMessages("orders", 3, [record({ key: "Zoë", value: memory.subarray(7, 12) })]);
    expect(message).toMatchObject({
      topic: "orders",
      partition: 3,
      key: Buffer.from("Zoë"),
      timestamp: BigInt(NOW_MS),
    });
    expect(message?.value?.toString()).toBe("value");
    expect(message?.value?.buffer).toBe(memory.buffer);
  });

  test("keep each record's own header values, repeated or not, beyond the names that are remembered", () => {
    const records = Array.from({ length: 600 }, (_, i) =>
      record({ headers: { constant: "same", attempt: String(i % 3), [`name-${i}`]: `value-${i}` } }),
    );
    const read = bytesMessages("orders", 0, records).map(({ headers }) =>
      Object.fromEntries([...(headers as Map<Buffer, Buffer>)].map(([name, value]) => [String(name), String(value)])),
    );
    expect(read).toEqual(records.map(({ headers }) => headers));
  });

  test("tell no key from an empty one", () => {
    const [none, empty] = bytesMessages("orders", 0, [record({ key: null }), record({ key: "" })]);
    expect([none?.key, empty?.key]).toEqual([undefined, Buffer.alloc(0)]);
  });
});
