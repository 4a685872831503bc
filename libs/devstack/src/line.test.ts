import type { KafkaMessage } from "kafkajs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createThrottledPrinter, renderArrival } from "./line.ts";

const arrival = (value: string, key: string | null = "k") => ({
  partition: 3,
  message: { offset: "17", key: key === null ? null : Buffer.from(key), value: Buffer.from(value) } as KafkaMessage,
});

test("one record is one short line", () => {
  expect(renderArrival(arrival('{"id":"1","type":"order.paid"}'))).toBe(
    'p3@17  k  order.paid  {"id":"1","type":"order.paid"}',
  );
  expect(renderArrival(arrival(`{"type":"t","data":"${"x".repeat(500)}"}`))).toHaveLength(110);
});

test("an event cannot command the terminal", () => {
  const line = renderArrival(arrival('{"type":"a\u001b[2Jb"}\n\r\u009b31m', "k\u0007"));
  expect(line).not.toMatch(/\p{Cc}/u);
});

test.each(["not json", "null", "", "[1]"])("%j is shown and not thrown", (value) => {
  expect(renderArrival(arrival(value, null))).toContain("p3@17  -");
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a flood is eight lines and a count each second", () => {
  const lines: string[] = [];
  const show = createThrottledPrinter((line) => lines.push(line));
  for (let i = 0; i < 5_000; i++) show(() => String(i));
  vi.advanceTimersByTime(1_000);
  show(() => "later");
  vi.advanceTimersByTime(1_000);
  expect(lines).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "… and 4,992 more", "later"]);
});
