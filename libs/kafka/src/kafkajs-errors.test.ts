import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { kafkajsVerdict } from "./kafkajs-errors.ts";
import { clientTable, ofProtocolCode } from "./outcome-table.ts";

type Make = new (message: unknown, options?: object) => Error;

const require = createRequire(import.meta.url);
const errors: Record<string, Make> = require("kafkajs/src/errors");
const {
  createErrorFromCode,
  errorCodes,
}: { createErrorFromCode(code: number): Error; errorCodes: { code: number }[] } = require("kafkajs/src/protocol/error");

const make = (name: string, message: unknown, options?: object): Error => new errors[name]!(message, options);
const outOfRetries = (cause: unknown): Error => make("KafkaJSNumberOfRetriesExceeded", cause, {});
const given = (cause: unknown): Error => make("KafkaJSNonRetriableError", cause, { cause });
const refused = () => make("KafkaJSConnectionError", "Connection error", { broker: "b:1", code: "ECONNREFUSED" });

describe("kafkajsVerdict", () => {
  test("finds every code that kafkajs knows, bare and below what it wraps around it", () => {
    for (const { code } of errorCodes) {
      expect(kafkajsVerdict(createErrorFromCode(code))).toBe(ofProtocolCode(code));
      expect(kafkajsVerdict(outOfRetries(createErrorFromCode(code)))).toBe(ofProtocolCode(code));
      expect(kafkajsVerdict(given(createErrorFromCode(code)))).toBe(ofProtocolCode(code));
    }
  });

  test.each([89, 90, 119, 120, 4_711])("reads code %i, which kafkajs does not know, out of its text", (code) => {
    expect(kafkajsVerdict(createErrorFromCode(code))).toBe(ofProtocolCode(code));
  });

  test("takes the outage for one that kafkajs calls non-retriable when every broker is down", () => {
    expect(kafkajsVerdict(given(refused()))).toBe(clientTable.connection);
    expect(kafkajsVerdict(outOfRetries(given(refused())))).toBe(clientTable.connection);
  });

  test.each([
    ["KafkaJSConnectionClosedError", clientTable.connection],
    ["KafkaJSRequestTimeoutError", clientTable.requestTimeout],
    ["KafkaJSBrokerNotFound", clientTable.metadata],
    ["KafkaJSMetadataNotLoaded", clientTable.metadata],
    ["KafkaJSTopicMetadataNotLoaded", clientTable.metadata],
    ["KafkaJSLockTimeout", clientTable.connection],
    ["KafkaJSSASLAuthenticationError", clientTable.sasl],
    ["KafkaJSServerDoesNotSupportApiKey", clientTable.unsupported],
    ["KafkaJSNotImplemented", clientTable.unsupported],
  ] as const)("knows %s", (name, verdict) => {
    expect(kafkajsVerdict(make(name, "text", {}))).toBe(verdict);
    expect(kafkajsVerdict(outOfRetries(make(name, "text", {})))).toBe(verdict);
  });

  test("takes a certificate that is not trusted for a fault of configuration, though kafkajs would retry it", () => {
    const untrusted = make("KafkaJSConnectionError", "Connection error", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    expect(kafkajsVerdict(outOfRetries(untrusted))).toBe(clientTable.tls);
  });

  test.each([
    ["a half-open connection", new Error("Broker not connected")],
    ["a bug", new TypeError("x is not a function")],
    ["a send after the end", make("KafkaJSError", "The producer is disconnected")],
    ["nothing", undefined],
    ["a text", "boom"],
    ["a code that is not Kafka's", Object.assign(new Error("x"), { code: 10 })],
  ])("replaces the client for %s", (_what, error) => {
    expect(kafkajsVerdict(error)).toBe(clientTable.unknown);
  });

  test("ends on causes that go round in a circle", () => {
    const error = new Error("round");
    error.cause = error;
    expect(kafkajsVerdict(error)).toBe(clientTable.unknown);
  });
});
