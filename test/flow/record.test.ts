import { eventually } from "@spillway/backends/eventually";
import { createReplay } from "@spillway/dead-letters";
import { shardOf } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { openDatabase } from "@spillway/postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPartition } from "../kafka/kcat.ts";
import { setTopic } from "../support/topic.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/*
 * The record's contract in libs/kafka/README.md, word for word: all headers, key, value and time of what a consumer finds,
 * read by librdkafka. A header more is a test that fails.
 */
const SHARDS = 4;
const CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8";
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACESTATE = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
/** The relay keeps half of it as the age of a record's time. */
const BEFORE_MS_MAX = 2_000;

let services: Services;
let pipeline: Pipeline;
beforeAll(async () => {
  services = await startServices();
  const topicSettings = { "max.message.bytes": "20000" };
  pipeline = await startPipeline(services, { partitions: 1, topicSettings });
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
});

const textOf = (id: string, members: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ specversion: "1.0", id, source: "/s", type: "t", time: "2026-11-21T00:00:00Z", ...members });

/** Posts, and says between which times of this clock, in whole ms, the ingest was. */
const post = async (body: string, to: Pipeline = pipeline) => {
  const from = Date.now();
  expect((await to.post(body)).status).toBe(202);
  return { from, to: Date.now() };
};

const recordsWith = (id: string, from: Pipeline = pipeline) =>
  eventually(
    `${id} in the topic`,
    async () => {
      const records = await readPartition(from.addresses.brokers, from.topic, 0);
      const found = records.filter(({ value }) => value.includes(JSON.stringify(id)));
      return found.length > 0 && found;
    },
    30_000,
  );

/** The place that a record names: of the key's shard, one entry, and the index in it. */
const placeOf = (headers: Readonly<Record<string, string>> | undefined, key: string) => {
  const [shard, entry, index, ...more] = headers?.["spillway-entry"]?.split("/") ?? [];
  expect([shard, more]).toEqual([String(shardOf(key, SHARDS)), []]);
  expect(entry).toMatch(/^\d{13}-\d+$/);
  return { entry, index };
};

const expectWithin = (ms: number | undefined, { from, to }: { readonly from: number; readonly to: number }) => {
  expect(ms).toBeGreaterThanOrEqual(from);
  expect(ms).toBeLessThanOrEqual(to);
};

describe("a record", () => {
  test("of an event with trace context has five headers, its key, its bytes and the time of the ingest", async () => {
    const text = `${textOf("traced", { subject: "Zoë/漢字", traceparent: TRACEPARENT, tracestate: TRACESTATE }).slice(0, -1)} ,"data":1e400}`;
    const ingest = await post(text);
    const [record, ...others] = await recordsWith("traced");
    expect(others).toEqual([]);
    const { index } = placeOf(record?.headers, "Zoë/漢字");
    expect(index).toBe("0");
    expect(record).toEqual({
      key: "Zoë/漢字",
      value: Buffer.from(text),
      headers: {
        "content-type": CONTENT_TYPE,
        traceparent: TRACEPARENT,
        tracestate: TRACESTATE,
        "spillway-entry": record?.headers["spillway-entry"],
        "spillway-attempt": "1",
      },
      timestampMs: record?.timestampMs,
    });
    expectWithin(record?.timestampMs, ingest);
  });

  test("of an event without any has three, and a traceparent alone makes four", async () => {
    await post(
      `[${textOf("alone-0", { subject: "k" })},${textOf("alone-1", { subject: "k", traceparent: TRACEPARENT })}]`,
    );
    const [[first], [second]] = [await recordsWith("alone-0"), await recordsWith("alone-1")];
    const places = [placeOf(first?.headers, "k"), placeOf(second?.headers, "k")];
    expect(places).toEqual(["0", "1"].map((index) => ({ entry: places[0]?.entry, index })));
    const own = { "content-type": CONTENT_TYPE, "spillway-attempt": "1" };
    expect(first?.headers).toEqual({ ...own, "spillway-entry": first?.headers["spillway-entry"] });
    const entry = { "spillway-entry": second?.headers["spillway-entry"] };
    expect(second?.headers).toEqual({ ...own, ...entry, traceparent: TRACEPARENT });
  });

  test("without a partition key has no key, and not an empty one", async () => {
    await post(textOf("keyless"));
    const [record] = await recordsWith("keyless");
    expect(record?.key).toBeNull();
    expect(Object.keys(record?.headers ?? {}).sort()).toEqual(["content-type", "spillway-attempt", "spillway-entry"]);
  });

  test("of a replay names its life, its new place, and has the time of the replay", async () => {
    const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString("base64");
    const trace = { traceparent: TRACEPARENT, tracestate: TRACESTATE };
    const text = textOf("replayed", { subject: "k", ...trace, data: noise });
    await post(text);
    const [letter] = await eventually("its dead letter", async () => {
      const letters = await pipeline.sql<{ id: string; entry: string }[]>`select id, entry from dead_letters`;
      return letters.length > 0 && letters;
    });
    await setTopic(pipeline.addresses.brokers, pipeline.topic, "max.message.bytes", "1048588");
    const database = openDatabase({ url: pipeline.addresses.databaseUrl });
    const from = Date.now();
    const replayed = await createReplay({ database, shards: SHARDS, platform })([letter?.id ?? ""], { by: "test" });
    const replay = { from, to: Date.now() };
    await database.close();
    expect(replayed.replayed).toEqual([letter?.id]);
    const [record, ...others] = await recordsWith("replayed");
    expect(others).toEqual([]);
    expect(placeOf(record?.headers, "k").entry).not.toBe(letter?.entry);
    expect(record).toEqual({
      key: "k",
      value: Buffer.from(text),
      headers: {
        "content-type": CONTENT_TYPE,
        ...trace,
        "spillway-entry": record?.headers["spillway-entry"],
        "spillway-attempt": "2",
      },
      timestampMs: record?.timestampMs,
    });
    expectWithin(record?.timestampMs, replay);
  });
});

test("a record whose event waited longer than its topic keeps times has the present one, and the ingest in a header", async () => {
  const topicSettings = { "message.timestamp.before.max.ms": String(BEFORE_MS_MAX) };
  const late = await startPipeline(services, { partitions: 1, topicSettings });
  try {
    late.relays[0]?.kill("SIGSTOP");
    const ingest = await post(textOf("late", { subject: "k" }), late);
    await eventually("it is old", async () => Date.now() > ingest.to + BEFORE_MS_MAX);
    late.relays[0]?.kill("SIGCONT");
    const [record] = await recordsWith("late", late);
    const receivedAt = record?.headers["spillway-received-at"];
    expect(record?.headers).toEqual({
      "content-type": CONTENT_TYPE,
      "spillway-entry": record?.headers["spillway-entry"],
      "spillway-attempt": "1",
      "spillway-received-at": receivedAt,
    });
    expect(receivedAt).toMatch(/^\d{13}$/);
    expectWithin(Number(receivedAt), ingest);
    expectWithin(record?.timestampMs, { from: ingest.to + BEFORE_MS_MAX / 2, to: Date.now() });
  } finally {
    await late.stop();
  }
});
