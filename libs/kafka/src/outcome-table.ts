import type { DeadLetterClass, Outcome } from "@spillway/event";

/**
 * What an error means: the outcome for the relay, and whether the client that met it may go on (`keep`) or is replaced
 * by a new one (`replace`), because its connections, metadata or sequence numbers are in doubt.
 */
export type Verdict = { readonly outcome: Exclude<Outcome, { kind: "ok" }>; readonly client: "keep" | "replace" };

type Retriable = Omit<Extract<Outcome, { kind: "retriable" }>, "kind" | "code">;

const retry = (code: string, client: Verdict["client"] = "keep", how: Retriable = {}): Verdict => ({
  outcome: { kind: "retriable", code, ...how },
  client,
});

/** Every record would meet it: authorization, configuration. Never a reason to fill the dead letters. */
const pause = (code: string, client?: Verdict["client"]): Verdict => retry(code, client, { pause: true });

/** May be the broker's trouble or one record's; the relay finds out by trying a few times, then by halves. */
const suspect = (code: string, attemptsMax: number): Verdict => retry(code, "keep", { attemptsMax });

/** The record's time is what is refused, and that is of our own choosing: no reason for a dead letter. */
const retime = (code: string): Verdict => retry(code, "keep", { retime: true });

const refuse = (code: string, deadLetterClass: DeadLetterClass): Verdict => ({
  outcome: { kind: "fatal", code, deadLetterClass },
  client: "keep",
});

export const UNKNOWN_TOPIC = "unknown_topic_or_partition";

/**
 * THE table, by Kafka's error code (the names are Kafka's own). Whatever a Produce, Metadata, InitProducerId or SASL
 * answer can hold has a row; a code without one is `unknown_error_code`.
 */
export const protocolTable: ReadonlyMap<number, Verdict> = new Map([
  // Five attempts, then one record at a time: a broker that cannot handle a record answers this for ever.
  [-1, suspect("unknown_server_error", 5)],
  [2, suspect("corrupt_message", 3)],
  // Also the answer while a new topic spreads; `partition-counts.ts` turns it into a pause after a minute.
  [3, retry(UNKNOWN_TOPIC)],
  [5, retry("leader_not_available")],
  [6, retry("not_leader_or_follower")],
  // The leader has appended it (4 of 4 stored): a duplicate, not a loss.
  [7, retry("request_timed_out")],
  [8, retry("broker_not_available")],
  [9, retry("replica_not_available")],
  [10, refuse("message_too_large", "oversize")],
  [13, retry("network_exception", "replace")],
  [14, retry("coordinator_load_in_progress")],
  [15, retry("coordinator_not_available")],
  [16, retry("not_coordinator")],
  // A topic's name comes from the routes in config, never from a record.
  [17, pause("invalid_topic_exception")],
  [18, refuse("record_list_too_large", "oversize")],
  // Nothing is stored (0 of 48).
  [19, retry("not_enough_replicas")],
  [20, retry("not_enough_replicas_after_append")],
  [21, pause("invalid_required_acks")],
  [29, pause("topic_authorization_failed")],
  [31, pause("cluster_authorization_failed")],
  [32, retime("invalid_timestamp")],
  [33, pause("unsupported_sasl_mechanism", "replace")],
  [34, pause("illegal_sasl_state", "replace")],
  [35, pause("unsupported_version", "replace")],
  [41, retry("not_controller")],
  [42, pause("invalid_request")],
  [43, pause("unsupported_for_message_format")],
  [44, refuse("policy_violation", "rejected")],
  [45, retry("out_of_order_sequence_number", "replace")],
  // Not a success: kafkajs rolls a sequence back that the broker has counted.
  [46, retry("duplicate_sequence_number", "replace")],
  [47, retry("invalid_producer_epoch", "replace")],
  [48, retry("invalid_txn_state", "replace")],
  [49, retry("invalid_producer_id_mapping", "replace")],
  [50, pause("invalid_transaction_timeout")],
  [51, retry("concurrent_transactions")],
  [52, retry("transaction_coordinator_fenced", "replace")],
  [53, pause("transactional_id_authorization_failed")],
  [54, pause("security_disabled")],
  [55, retry("operation_not_attempted")],
  [56, retry("kafka_storage_error")],
  [58, pause("sasl_authentication_failed", "replace")],
  [59, retry("unknown_producer_id", "replace")],
  [72, retry("listener_not_found")],
  [74, retry("fenced_leader_epoch")],
  [75, retry("unknown_leader_epoch")],
  [76, pause("unsupported_compression_type")],
  [87, refuse("invalid_record", "rejected")],
  [89, retry("throttling_quota_exceeded")],
  [90, retry("producer_fenced", "replace")],
  [100, retry("unknown_topic_id", "replace")],
  [120, retry("transaction_abortable", "replace")],
]);

/** Faults on our side of the wire, by our own names for them. The text of a vendor's error is never kept. */
export const clientTable = {
  closed: retry("client_closed"),
  connection: retry("connection_failed", "replace"),
  connectionTimeout: retry("connection_timeout", "replace"),
  requestTimeout: retry("request_timeout", "replace"),
  publishTimeout: retry("publish_timeout", "replace"),
  /** Whoever asked for it may not send it any more: it was not. */
  notWanted: retry("not_wanted"),
  metadata: retry("metadata_not_loaded", "replace"),
  /** Resolved without a confirmation for exactly this partition. */
  unconfirmed: retry("unconfirmed", "replace"),
  partitionOutOfRange: retry("partition_out_of_range", "replace"),
  tls: pause("tls_failed", "replace"),
  sasl: pause("sasl_authentication_failed", "replace"),
  unsupported: pause("unsupported_by_client", "replace"),
  unknownCode: suspect("unknown_error_code", 5),
  /** One of the records cannot be written as bytes, whoever is asked. */
  unencodable: refuse("record_not_encoded", "poison"),
  /** kafkajs throws a plain `Error` for a half-open connection in every outage: no reason to count attempts. */
  unknown: retry("unknown_client_error", "replace"),
} as const satisfies Record<string, Verdict>;

/** Codes of node:tls for a peer that cannot be trusted, and for one that does not speak TLS. Another certificate heals them. */
const tlsCodes: ReadonlySet<string> = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

export const isTlsCode = (code: string): boolean =>
  tlsCodes.has(code) || code.startsWith("ERR_SSL_") || code === "EPROTO" || code === "ERR_TLS_HANDSHAKE_TIMEOUT";

/** The verdict, with the indexes of the records that the broker named. */
export const naming = (verdict: Verdict, refused: readonly number[]): Verdict =>
  verdict.outcome.kind === "fatal" && refused.length > 0
    ? { ...verdict, outcome: { ...verdict.outcome, refused } }
    : verdict;

export const ofProtocolCode = (code: number): Verdict => protocolTable.get(code) ?? clientTable.unknownCode;
