import { protocolErrors } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { clientTable, isTlsCode, ofProtocolCode, protocolTable, type Verdict } from "./outcome-table.ts";

/** Kafka's own names, as @platformatic/kafka generates them from Kafka's sources. */
const kafkaNames = new Map(
  Object.values(protocolErrors as Record<string, { code: number; id: string; canRetry: boolean }>).map((error) => [
    error.code,
    error,
  ]),
);

/** What a producer's requests (Produce, Metadata, InitProducerId, ApiVersions, SASL) can be answered with. */
const answersToProducers = [
  -1, 2, 3, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 19, 20, 21, 29, 31, 32, 33, 34, 35, 41, 42, 43, 44, 45, 46, 47,
  48, 49, 50, 51, 52, 53, 54, 55, 56, 58, 59, 72, 74, 75, 76, 87, 89, 90, 100, 120,
];

const rows = [...protocolTable].map(([code, verdict]) => ({ code, ...verdict }));
const codesWhere = (holds: (outcome: Verdict["outcome"]) => boolean) =>
  rows.filter(({ outcome }) => holds(outcome)).map(({ code }) => code);

describe("the table of outcomes", () => {
  test("has a row for every answer that a producer can get", () => {
    expect(answersToProducers.filter((code) => !protocolTable.has(code))).toEqual([]);
  });

  test.each(rows)("names code $code as Kafka does: $outcome.code", ({ code, outcome }) => {
    expect(outcome.code).toBe(kafkaNames.get(code)?.id.toLowerCase());
  });

  test("lets a record die for its size or its content only", () => {
    const dying = rows.flatMap(({ code, outcome }) =>
      outcome.kind === "fatal" ? [[code, outcome.deadLetterClass] as const] : [],
    );
    expect(Object.fromEntries(dying)).toEqual({
      10: "oversize",
      18: "oversize",
      44: "rejected",
      87: "rejected",
    });
  });

  test("pauses for what every record would meet: authorization and configuration", () => {
    const paused = codesWhere((outcome) => outcome.kind === "retriable" && outcome.pause === true);
    expect(paused).toEqual([17, 21, 29, 31, 33, 34, 35, 42, 43, 50, 53, 54, 58, 76]);
  });

  test("counts attempts for what may be one record's fault only", () => {
    const counted = codesWhere((outcome) => outcome.kind === "retriable" && outcome.attemptsMax !== undefined);
    expect(counted).toEqual([-1, 2]);
    expect([ofProtocolCode(-1), ofProtocolCode(2)].map(({ outcome }) => outcome)).toMatchObject([
      { attemptsMax: 5 },
      { attemptsMax: 3 },
    ]);
  });

  test("retries for ever what Kafka's own producer retries", () => {
    // CORRUPT_MESSAGE apart, whose deterministic cause would block a partition for ever.
    const retriable = [...kafkaNames.values()].filter(({ code, canRetry }) => canRetry && protocolTable.has(code));
    for (const { code } of retriable.filter((error) => error.code !== 2)) {
      expect({ code, outcome: ofProtocolCode(code).outcome }).toEqual({
        code,
        outcome: { kind: "retriable", code: expect.any(String) },
      });
    }
  });

  test("replaces a client whose sequence numbers or connections are in doubt, and only such a one", () => {
    const replaced = rows.filter(({ client }) => client === "replace").map(({ code }) => code);
    expect(replaced).toEqual([13, 33, 34, 35, 45, 46, 47, 48, 49, 52, 58, 59, 90, 100, 120]);
  });

  test("takes a code that it does not know for one record's trouble at most", () => {
    expect(ofProtocolCode(9_999)).toBe(clientTable.unknownCode);
  });

  test("lets no record die for a fault on our side of the wire, but one that cannot be written", () => {
    const { unencodable, ...others } = clientTable;
    expect(unencodable.outcome).toMatchObject({ kind: "fatal", deadLetterClass: "poison" });
    expect(Object.values(others).filter(({ outcome }) => outcome.kind !== "retriable")).toEqual([]);
  });

  test("uses codes that are safe as a metric label", () => {
    const codes = [...rows, ...Object.values(clientTable)].map(({ outcome }) => outcome.code);
    expect(codes.filter((code) => !/^[a-z_]{5,40}$/.test(code))).toEqual([]);
  });
});

test.each([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", true],
  ["ERR_SSL_WRONG_VERSION_NUMBER", true],
  ["CERT_HAS_EXPIRED", true],
  ["ECONNREFUSED", false],
  ["ECONNRESET", false],
])("isTlsCode(%s) is %s", (code, is) => {
  expect(isTlsCode(code)).toBe(is);
});
