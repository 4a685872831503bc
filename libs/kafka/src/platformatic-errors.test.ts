import {
  AuthenticationError,
  MultipleErrors,
  NetworkError,
  ProtocolError,
  protocolErrors,
  ResponseError,
  TimeoutError,
  UnsupportedApiError,
  UserError,
} from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { clientTable, ofProtocolCode } from "./outcome-table.ts";
import { platformaticVerdict } from "./platformatic-errors.ts";

const codes = Object.values(protocolErrors as Record<string, { code: number }>).map(({ code }) => code);

/** As a Produce answer reads: the partition's code, and one entry per record that the broker names. */
const produceError = (code: number, badRecords = 0): Error => {
  const path = "/responses/0/partition_responses/0";
  const named = Array.from({ length: badRecords }, (_, i) => [`${path}/record_errors/${i}`, [-1, "bad"]]);
  return new ResponseError(0, 11, Object.fromEntries([...named, [path, [code, null]]]), {});
};
const given = (...errors: Error[]): Error => new MultipleErrors("Producing messages failed.", errors);
const node = (code: string): Error => Object.assign(new Error(code), { code });

describe("platformaticVerdict", () => {
  test("tells which records the broker named, of the last answer, and of one batch only", () => {
    const answer = (...indexes: number[]) => {
      const recordErrors = indexes.map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: "no key" }));
      const path = "/responses/0/partition_responses/0";
      const response = { responses: [{ partitionResponses: [{ recordErrors }] }] };
      return new ResponseError(0, 11, { [path]: [87, null] }, response);
    };
    const refused = (...indexes: number[]) => ({ ...ofProtocolCode(87).outcome, refused: indexes });
    expect(platformaticVerdict(given(answer(1, 3))).outcome).toEqual(refused(1, 3));
    expect(platformaticVerdict(given(answer(1, 3), answer(2))).outcome).toEqual(refused(2));
    expect(platformaticVerdict(new Error("one batch of several", { cause: answer(1) })).outcome).toEqual(
      ofProtocolCode(87).outcome,
    );
  });

  test("finds every code of Kafka, bare and as an answer to Produce", () => {
    for (const code of codes) {
      expect(platformaticVerdict(new ProtocolError(code))).toBe(ofProtocolCode(code));
      expect(platformaticVerdict(given(produceError(code)))).toBe(ofProtocolCode(code));
    }
  });

  test("does not fall for the UNKNOWN_SERVER_ERROR that it makes up for each bad record", () => {
    expect(platformaticVerdict(given(produceError(32, 3)))).toBe(ofProtocolCode(32));
    expect(platformaticVerdict(given(produceError(87, 1)))).toBe(ofProtocolCode(87));
    expect(platformaticVerdict(given(produceError(-1)))).toBe(ofProtocolCode(-1));
  });

  test("looks below a network error for the password that was wrong", () => {
    const wrong = new AuthenticationError("SASL authentication failed.", { cause: given(new ProtocolError(58)) });
    const error = given(new NetworkError("Connection to b:1 failed.", { cause: wrong }));
    expect(platformaticVerdict(error)).toBe(ofProtocolCode(58));
    expect(platformaticVerdict(new AuthenticationError("no suitable mechanism"))).toBe(clientTable.sasl);
  });

  test("takes the last of several attempts, but a refused record from any of them", () => {
    const [leader, size] = [given(produceError(6)), given(produceError(10))];
    const replicas = given(produceError(19));
    expect(platformaticVerdict(new MultipleErrors("produce failed 2 times.", [leader, replicas]))).toBe(
      ofProtocolCode(19),
    );
    expect(platformaticVerdict(new MultipleErrors("produce failed 2 times.", [size, leader]))).toBe(ofProtocolCode(10));
  });

  test.each([
    ["an unknown topic, which has only a text", new UserError("Unknown topic orders."), ofProtocolCode(3)],
    ["plain text to a TLS port", new UserError("Broker requires TLS."), clientTable.tls],
    ["TLS to a plain port", new UserError("TLS handshake failed.", { cause: node("ECONNRESET") }), clientTable.tls],
    ["a certificate that is not trusted", node("DEPTH_ZERO_SELF_SIGNED_CERT"), clientTable.tls],
    ["nobody there", node("ECONNREFUSED"), clientTable.connection],
    ["a name that does not resolve", node("ENOTFOUND"), clientTable.connection],
    ["a closed connection", new NetworkError("Connection closed"), clientTable.connection],
    ["a leader without address", new NetworkError("x", { hasStaleMetadata: true }), clientTable.metadata],
    ["no answer", new TimeoutError("Request timed out", { canRetry: true }), clientTable.requestTimeout],
    ["a broker from another age", new UnsupportedApiError("Unsupported API Produce."), clientTable.unsupported],
    ["our own close", new UserError("Client closed while retrying produce."), clientTable.closed],
    ["another misuse", new UserError("Idempotent producer requires acks"), clientTable.unknown],
    ["a bug", new TypeError("x is not a function"), clientTable.unknown],
  ])("knows %s", (_what, error, verdict) => {
    expect(platformaticVerdict(error)).toBe(verdict);
    expect(platformaticVerdict(given(new NetworkError("failed", { cause: error })))).toBe(verdict);
  });

  test("takes nothing for nothing known", () => {
    expect(platformaticVerdict(undefined)).toBe(clientTable.unknown);
  });
});
