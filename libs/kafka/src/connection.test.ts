import { describe, expect, test } from "vitest";
import { checkBrokers, rotated } from "./connection.ts";

describe("checkBrokers", () => {
  test("takes names and addresses with a port", () => {
    expect(() => checkBrokers(["kafka-1.example.com:9092", "10.0.0.1:9092", "[::1]:9092"])).not.toThrow();
  });

  test.each([
    [[]],
    [["kafka"]],
    [["::1:9092"]],
    [["[kafka]:9092"]],
    [["kafka://kafka:9092"]],
    [["kafka:"]],
    [["a:1", "b"]],
  ])("refuses %j, which kafkajs would misread", (brokers) => {
    expect(() => checkBrokers(brokers)).toThrow(RangeError);
  });
});

test("rotated begins one further each turn and forgets none", () => {
  const brokers = ["a:1", "b:1", "c:1"];
  expect([0, 1, 2, 3].map((turn) => rotated(brokers, turn).join())).toEqual([
    "a:1,b:1,c:1",
    "b:1,c:1,a:1",
    "c:1,a:1,b:1",
    "a:1,b:1,c:1",
  ]);
});
