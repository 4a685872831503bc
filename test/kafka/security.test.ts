import { eventually } from "@spillway/backends/eventually";
import type { Sink, SinkRecord } from "@spillway/event";
import type { KafkaConnection } from "@spillway/kafka";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { shortDeadlines } from "./broker.ts";
import { createTopic } from "./fresh-topic.ts";
import { readPartition } from "./kcat.ts";
import { type SecuredBroker, startSecuredBroker } from "./secured-broker.ts";

const PAYLOAD = "s3cr3t-payload";
const KEY = "s3cr3t-key";

const record = (): SinkRecord => ({
  key: KEY,
  value: Buffer.from(PAYLOAD),
  headers: { traceparent: "00-ab-cd-01" },
  timestampMs: Date.now(),
});

const denied = {
  kind: "retriable",
  pause: true,
  code: expect.stringMatching(/^(topic|cluster)_authorization_failed$/),
};
const paused = (code: string) => ({ kind: "retriable", pause: true, code });

describe("the sink and a broker that guards its doors", () => {
  let broker: SecuredBroker;
  let topic: string;
  const opened: Sink[] = [];
  const logged: string[] = [];

  beforeAll(async () => {
    broker = await startSecuredBroker();
  });
  afterAll(() => broker?.stop());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((sink) => sink.close()));
  });

  const open = (address: string, over: Partial<KafkaConnection> = {}): Sink => {
    const sink = createKafkajsSink({
      connection: { brokers: [address], clientId: "spillway-test", ...over },
      deadlines: shortDeadlines,
      log: (...line) => logged.push(JSON.stringify(line)),
    });
    opened.push(sink);
    return sink;
  };
  const asUser = (over: Partial<NonNullable<KafkaConnection["sasl"]>> = {}): Sink =>
    open(broker.sasl, { sasl: { mechanism: "plain", ...broker.user, ...over } });
  const makeTopic = async () => {
    topic = await createTopic(broker.kafka, { partitions: 1 });
  };
  const publish = (sink: Sink) => sink.publish(topic, 0, [record()], () => true);

  test("pauses while the user may not see the topic, and publishes as soon as it may write", async () => {
    await makeTopic();
    const sink = asUser();
    expect(await publish(sink)).toMatchObject(denied);
    await broker.allow(topic, "DESCRIBE");
    await eventually("the topic to be seen", async () => (await sink.partitions(topic)).kind === "ok");
    expect(await publish(sink)).toMatchObject(denied);
    await broker.allow(topic, "WRITE");
    await eventually("a confirmed publish", async () => (await publish(sink)).kind === "ok");
    expect(await readPartition([broker.plain], topic, 0)).toMatchObject([{ key: KEY }]);
  });

  test("pauses when the permission is taken away from a connection that was good", async () => {
    await makeTopic();
    await broker.allow(topic, "WRITE");
    const sink = asUser();
    await eventually("a confirmed publish", async () => (await publish(sink)).kind === "ok");
    await broker.forbid(topic);
    await eventually("a refusal", async () => (await publish(sink)).kind !== "ok");
    expect(await publish(sink)).toMatchObject(denied);
  });

  test("pauses for a wrong password", async () => {
    expect(await asUser({ password: "wrong-s3cr3t" }).partitions("any")).toEqual(paused("sasl_authentication_failed"));
    expect(await asUser({ password: "wrong-s3cr3t" }).health()).toEqual({
      status: "down",
      code: "sasl_authentication_failed",
    });
  });

  test("pauses for a user whom SCRAM does not know", async () => {
    const sink = asUser({ mechanism: "scram-sha-512" });
    expect(await sink.partitions("any")).toEqual(paused("sasl_authentication_failed"));
  });

  test("pauses for a mechanism that the broker does not offer", async () => {
    const sink = asUser({ mechanism: "scram-sha-256" });
    expect(await sink.partitions("any")).toEqual(paused("unsupported_sasl_mechanism"));
  });

  test("pauses for SASL at a door without it", async () => {
    const sink = open(broker.plain, { sasl: { mechanism: "plain", ...broker.user } });
    expect(await sink.partitions("any")).toEqual(paused("illegal_sasl_state"));
  });

  test("waits at a SASL door without SASL: the broker hangs up without a word", async () => {
    expect(await open(broker.sasl).partitions("any")).toEqual({ kind: "retriable", code: "connection_failed" });
  });

  test("publishes through TLS to a broker whose authority it was given", async () => {
    await makeTopic();
    const sink = open(broker.tls, { tls: { ca: broker.certificate } });
    // A broker's first handshake takes as long as its machine is busy.
    await eventually("a confirmed publish", async () => (await publish(sink)).kind === "ok");
    expect(await readPartition([broker.plain], topic, 0)).toMatchObject([{ value: Buffer.from(PAYLOAD) }]);
  });

  test("pauses for a certificate that it has no reason to trust", async () => {
    expect(await open(broker.tls, { tls: {} }).partitions("any")).toEqual(paused("tls_failed"));
  });

  test("does not publish through TLS to a door without it, nor the other way round", async () => {
    const outcomes = [
      await open(broker.plain, { tls: {} }).partitions("any"),
      await open(broker.tls).partitions("any"),
    ];
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: "retriable", code: "connection_failed" });
  });

  test("logs neither keys nor values nor passwords", () => {
    expect(logged.filter((line) => /s3cr3t/.test(line))).toEqual([]);
  });
});
