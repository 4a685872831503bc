import {
  AuthenticationError,
  NetworkError,
  ProtocolError,
  ResponseError,
  TimeoutError,
  UnsupportedApiError,
  UnsupportedCompressionError,
  UnsupportedError,
  UserError,
} from "@platformatic/kafka";
import { clientTable, isTlsCode, naming, ofProtocolCode, type Verdict } from "./outcome-table.ts";

const DEPTH_MAX = 10;
const UNKNOWN_TOPIC = 3;

/**
 * The errors at the bottom. What is on top says too little: a wrong password stands below a NetworkError that may be
 * retried, and what an attempt met below an AggregateError with all attempts.
 */
const leaves = (error: unknown, depth = 0): unknown[] => {
  // A UserError explains what lies below it: a broken connection as a broker without TLS.
  if (depth === DEPTH_MAX || !(error instanceof Error) || error instanceof UserError) return [error];
  const below = error instanceof AggregateError ? error.errors : error.cause === undefined ? [] : [error.cause];
  return below.length === 0 ? [error] : below.flatMap((cause) => leaves(cause, depth + 1));
};

/** It has no class for these, only its text; what stands behind the text (a topic's name) is not looked at. */
const ofUserError = (message: string): Verdict => {
  if (message.startsWith("Unknown topic ")) return ofProtocolCode(UNKNOWN_TOPIC);
  if (message.includes("TLS")) return clientTable.tls;
  if (message.startsWith("Client closed")) return clientTable.closed;
  return clientTable.unknown;
};

const verdictOfLeaf = (leaf: unknown): Verdict => {
  if (leaf instanceof ProtocolError) return ofProtocolCode(Number(leaf.apiCode));
  if (leaf instanceof AuthenticationError) return clientTable.sasl;
  // Before NetworkError, whose code it carries.
  if (leaf instanceof TimeoutError) return clientTable.requestTimeout;
  if (leaf instanceof NetworkError) return leaf.hasStaleMetadata ? clientTable.metadata : clientTable.connection;
  if (leaf instanceof UserError) return ofUserError(leaf.message);
  if (leaf instanceof UnsupportedApiError || leaf instanceof UnsupportedError) return clientTable.unsupported;
  if (leaf instanceof UnsupportedCompressionError) return clientTable.unsupported;
  const code = leaf instanceof Error && "code" in leaf ? leaf.code : undefined;
  if (typeof code !== "string") return clientTable.unknown;
  if (isTlsCode(code)) return clientTable.tls;
  return code.startsWith("E") ? clientTable.connection : clientTable.unknown;
};

/**
 * A refused record outweighs what stands beside it (for each bad record the client makes up an UNKNOWN_SERVER_ERROR) or
 * came before it, and a fault of configuration outweighs the outage that it looks like.
 */
const weightOf = ({ outcome }: Verdict): number => {
  if (outcome.kind === "fatal" || outcome.retime === true) return 2;
  return outcome.pause === true ? 1 : 0;
};

type Produced = {
  readonly responses?: readonly {
    readonly partitionResponses?: readonly { readonly recordErrors?: readonly { readonly batchIndex: number }[] }[];
  }[];
};

/** Indexes in the batch of the records that the broker names as refused, by the last answer. */
const namedIn = (error: unknown, depth = 0): readonly number[] => {
  if (error instanceof ResponseError) {
    const { responses = [] } = (error as { response?: Produced }).response ?? {};
    const partitions = responses.flatMap(({ partitionResponses = [] }) => partitionResponses);
    return partitions.flatMap(({ recordErrors = [] }) => recordErrors.map(({ batchIndex }) => batchIndex));
  }
  if (!(error instanceof AggregateError) || depth === DEPTH_MAX) return [];
  return namedIn(error.errors.at(-1), depth + 1);
};

/** What an error of @platformatic/kafka means: of equals the last, since attempts stand in their order. */
export const platformaticVerdict = (error: unknown): Verdict => {
  const verdicts = leaves(error).map(verdictOfLeaf);
  const heaviest = verdicts.reduce((chosen, verdict) => (weightOf(verdict) >= weightOf(chosen) ? verdict : chosen));
  return naming(heaviest, namedIn(error));
};
