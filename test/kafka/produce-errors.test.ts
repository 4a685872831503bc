import type { Sink, SinkRecord } from "@spillway/event";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MockCluster, startMockCluster } from "./mock-cluster.ts";

/*
 * One test per row of the table of outcomes, on the wire. librdkafka's mock gives the answers, since most of them cannot
 * be had from a real broker at will; those that can are in test/conformance/sink.ts and test/kafka/topic-changes.test.ts.
 */
const retried = (code: string) => ({ kind: "retriable", code });
const paused = (code: string) => ({ kind: "retriable", code, pause: true });
const counted = (code: string, attemptsMax: number) => ({ kind: "retriable", code, attemptsMax });
const refused = (code: string, deadLetterClass: string) => ({ kind: "fatal", code, deadLetterClass });

const rows: readonly (readonly [number, object])[] = [
  [-1, counted("unknown_server_error", 5)],
  [2, counted("corrupt_message", 3)],
  [3, retried("unknown_topic_or_partition")],
  [5, retried("leader_not_available")],
  [6, retried("not_leader_or_follower")],
  [7, retried("request_timed_out")],
  [8, retried("broker_not_available")],
  [9, retried("replica_not_available")],
  [10, refused("message_too_large", "oversize")],
  [13, retried("network_exception")],
  [14, retried("coordinator_load_in_progress")],
  [15, retried("coordinator_not_available")],
  [16, retried("not_coordinator")],
  [17, paused("invalid_topic_exception")],
  [18, refused("record_list_too_large", "oversize")],
  [19, retried("not_enough_replicas")],
  [20, retried("not_enough_replicas_after_append")],
  [21, paused("invalid_required_acks")],
  [29, paused("topic_authorization_failed")],
  [31, paused("cluster_authorization_failed")],
  [32, { kind: "retriable", code: "invalid_timestamp", retime: true }],
  [33, paused("unsupported_sasl_mechanism")],
  [34, paused("illegal_sasl_state")],
  [35, paused("unsupported_version")],
  [41, retried("not_controller")],
  [42, paused("invalid_request")],
  [43, paused("unsupported_for_message_format")],
  [44, refused("policy_violation", "rejected")],
  [45, retried("out_of_order_sequence_number")],
  [46, retried("duplicate_sequence_number")],
  [47, retried("invalid_producer_epoch")],
  [48, retried("invalid_txn_state")],
  [49, retried("invalid_producer_id_mapping")],
  [50, paused("invalid_transaction_timeout")],
  [51, retried("concurrent_transactions")],
  [52, retried("transaction_coordinator_fenced")],
  [53, paused("transactional_id_authorization_failed")],
  [54, paused("security_disabled")],
  [55, retried("operation_not_attempted")],
  [56, retried("kafka_storage_error")],
  [58, paused("sasl_authentication_failed")],
  [59, retried("unknown_producer_id")],
  [72, retried("listener_not_found")],
  [74, retried("fenced_leader_epoch")],
  [75, retried("unknown_leader_epoch")],
  [76, paused("unsupported_compression_type")],
  [87, refused("invalid_record", "rejected")],
  [89, retried("throttling_quota_exceeded")],
  [90, retried("producer_fenced")],
  [100, retried("unknown_topic_id")],
  [120, retried("transaction_abortable")],
  [4_711, counted("unknown_error_code", 5)],
];

const record: SinkRecord = { key: "k", value: Buffer.from("{}"), headers: {}, timestampMs: Date.now() };

describe("the kafkajs sink, answered by a broker", () => {
  let cluster: MockCluster;
  let sink: Sink;
  const retired: unknown[] = [];

  beforeAll(async () => {
    cluster = await startMockCluster();
    await cluster.createTopic("orders", 2);
    sink = createKafkajsSink({
      connection: { brokers: cluster.brokers, clientId: "spillway-test" },
      compression: "gzip",
      log: (_level, event, fields) => void (event === "kafka.connection_dropped" && retired.push(fields?.code)),
    });
  });
  afterAll(async () => {
    await sink?.close();
    await cluster?.stop();
  });

  test.each(rows)("takes %i for what it is, and publishes again with the next attempt", async (code, outcome) => {
    await cluster.answerProduce([code]);
    expect(await sink.publish("orders", 0, [record], () => true)).toEqual(outcome);
    expect(await sink.publish("orders", 0, [record], () => true)).toEqual({ kind: "ok" });
  });

  test("sends once a publish: two errors are two attempts of the caller", async () => {
    await cluster.answerProduce([6, 19]);
    expect(await sink.publish("orders", 0, [record], () => true)).toMatchObject(retried("not_leader_or_follower"));
    expect(await sink.publish("orders", 0, [record], () => true)).toMatchObject(retried("not_enough_replicas"));
    expect(await sink.publish("orders", 0, [record], () => true)).toEqual({ kind: "ok" });
  });

  test("left its connection for doubtful answers and for no others", () => {
    expect(retired).toEqual([
      "network_exception",
      "unsupported_sasl_mechanism",
      "illegal_sasl_state",
      "unsupported_version",
      "out_of_order_sequence_number",
      "duplicate_sequence_number",
      "invalid_producer_epoch",
      "invalid_txn_state",
      "invalid_producer_id_mapping",
      "transaction_coordinator_fenced",
      "sasl_authentication_failed",
      "unknown_producer_id",
      "producer_fenced",
      "unknown_topic_id",
      "transaction_abortable",
    ]);
  });
});
