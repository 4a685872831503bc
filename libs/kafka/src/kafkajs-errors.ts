import { clientTable, isTlsCode, ofProtocolCode, type Verdict } from "./outcome-table.ts";

/** What can be seen of an error of kafkajs, of Node, or of anybody. */
type Fault = { name?: unknown; code?: unknown; message?: unknown; cause?: unknown };

/** By kafkajs' own names. `.retriable` is no help: it is false when every broker is down and true for a bad certificate. */
const byName: ReadonlyMap<unknown, Verdict> = new Map([
  ["KafkaJSConnectionError", clientTable.connection],
  ["KafkaJSConnectionClosedError", clientTable.connection],
  ["KafkaJSRequestTimeoutError", clientTable.requestTimeout],
  ["KafkaJSBrokerNotFound", clientTable.metadata],
  ["KafkaJSMetadataNotLoaded", clientTable.metadata],
  ["KafkaJSTopicMetadataNotLoaded", clientTable.metadata],
  ["KafkaJSLockTimeout", clientTable.connection],
  ["KafkaJSSASLAuthenticationError", clientTable.sasl],
  ["KafkaJSServerDoesNotSupportApiKey", clientTable.unsupported],
  ["KafkaJSNotImplemented", clientTable.unsupported],
  ["KafkaJSUnsupportedMagicByteInMessageSet", clientTable.unsupported],
]);

const CAUSES_MAX = 10;

/** The fault at the bottom: what is on top is `KafkaJSNonRetriableError` for an outage and for a bad record alike. */
const deepest = (error: unknown): Fault => {
  let fault = (error ?? {}) as Fault;
  for (let depth = 0; depth < CAUSES_MAX && fault.cause instanceof Error; depth++) fault = fault.cause as Fault;
  return fault;
};

/** kafkajs knows Kafka's codes up to 88 and writes the others into the text. */
const protocolCode = (fault: Fault): number | undefined => {
  if (fault.name !== "KafkaJSProtocolError" || typeof fault.code !== "number") return undefined;
  const unknown = /^Unknown error code (-?\d+)$/.exec(String(fault.message));
  return unknown ? Number(unknown[1]) : fault.code;
};

/** What an error of kafkajs means. */
export const kafkajsVerdict = (error: unknown): Verdict => {
  const fault = deepest(error);
  const code = protocolCode(fault);
  if (code !== undefined) return ofProtocolCode(code);
  if (typeof fault.code === "string" && isTlsCode(fault.code)) return clientTable.tls;
  return byName.get(fault.name) ?? clientTable.unknown;
};
