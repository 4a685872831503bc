import { eventually } from "@spillway/backends/eventually";
import { createReplay } from "@spillway/dead-letters";
import { shardOf } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { openDatabase } from "@spillway/postgres";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReadRecord } from "../conformance/sink.ts";
import { readPartition } from "../kafka/kcat.ts";
import { setTopic } from "../support/topic.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { postedEvents, TRACEPARENT, TRACESTATE, type Trace, textOf } from "./posted-events.ts";
import { partRows, wayRows } from "./record-table.ts";

/* The record's contract: the two tables of libs/kafka/README.md against whole records, read by librdkafka. */
const SHARDS = 4;
/** The relay keeps half of it as the age of a record's time. */
const BEFORE_MS_MAX = 2_000;
const PARKED_TOPIC = "made-late";
/** Whose answer names no tier. */
const OF_A_BATCH = "of a batch";

let services: Services;
let pipeline: Pipeline;
beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, {
    partitions: 1,
    topicSettings: { "max.message.bytes": "20000" },
    edgeEnv: { API_KEY_DURABILITY: "test=may" },
    relayEnv: { KAFKA_TOPIC_ROUTES: `late.=${PARKED_TOPIC}`, PARK_AFTER_MS: "500" },
  });
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
});

/** Between which times of this clock, in whole ms, something was. */
type Span = { readonly from: number; readonly to: number };

const timed = async (what: () => Promise<unknown>): Promise<Span> => {
  const from = Date.now();
  await what();
  return { from, to: Date.now() };
};

const ingest = (body: BodyInit, tier: string, headers?: Readonly<Record<string, string>>, to = pipeline) =>
  timed(async () => {
    const posted = async () => {
      const response = await to.post(body, { "content-type": "application/json", ...headers });
      const answer = (await response.json()) as { tier?: string };
      return response.status === 202 ? (answer.tier ?? OF_A_BATCH) : null;
    };
    expect(await eventually("it is stored", posted)).toBe(tier);
  });

/** The one record of the event with this id, or with an extension's name that ends so. */
const recordWith = async (id: string, from = pipeline, topic = from.topic): Promise<ReadRecord> => {
  const records = await eventually(
    `${id} in ${topic}`,
    async () => {
      const all = await readPartition(from.addresses.brokers, topic, 0);
      const found = all.filter(({ value }) => value.includes(`id":${JSON.stringify(id)}`));
      return found.length > 0 && found;
    },
    60_000,
  );
  expect(records).toHaveLength(1);
  return records[0] as ReadRecord;
};

/** What the record must be, beside what only it can say. */
type Meant = {
  readonly key: string | null;
  readonly value: string;
  readonly trace?: Trace;
  readonly way: string;
  /** By the words of the table of ways. */
  readonly times: Readonly<Record<string, Span>>;
  /** Null: whichever, where others may have gone with it. */
  readonly index?: number | null;
};

const expectWithin = (ms: number, { from, to }: Span) => {
  expect(ms).toBeGreaterThanOrEqual(from);
  expect(ms).toBeLessThanOrEqual(to);
};

/** Compares with the tables, and answers the entry that it came from. */
const expectRecord = (record: ReadRecord, { key, value, trace = {}, way, times, index = 0 }: Meant): string => {
  const row = wayRows.find((one) => one.way === way);
  const [shard, entry = "", ...more] = record.headers["spillway-entry"]?.split("/") ?? [];
  expect(entry).toMatch(/^\d{13}-\d+$/);
  const place = index === null ? (more[0] ?? "") : String(index);
  expect(more).toEqual([place]);
  expect(place).toMatch(/^\d+$/);
  if (key !== null) expect(shard).toBe(String(shardOf(key, SHARDS)));
  const receivedAt = record.headers["spillway-received-at"];
  const words = new Set(["all"]);
  if (key !== null) words.add("keyed");
  if (trace.traceparent !== undefined) words.add("traced");
  if (trace.tracestate !== undefined) words.add("stated");
  if (way === "is late") words.add("late");
  const values: Readonly<Record<string, string | undefined>> = {
    ...trace,
    "spillway-entry": `${shard}/${entry}/${place}`,
    "spillway-attempt": row?.attempt,
    "spillway-received-at": receivedAt,
  };
  const there = partRows.filter(({ of }) => of.every((word) => words.has(word)));
  const headers = there.flatMap(({ part, constant }) => {
    const [, name] = part.split("header ");
    return name === undefined ? [] : [[name, constant ?? values[name]]];
  });
  expect(record).toEqual({
    key: there.some(({ part }) => part === "key") ? key : null,
    value: Buffer.from(value),
    headers: Object.fromEntries(headers),
    timestampMs: record.timestampMs,
  });
  expectWithin(record.timestampMs, times[row?.time ?? ""] as Span);
  if (words.has("late")) expectWithin(Number(receivedAt), times["the ingest"] as Span);
  return entry;
};

describe("the record of an event that", () => {
  test.each(Object.keys(postedEvents))("%s", async (name) => {
    const { id, body, headers, value, ...meant } = postedEvents[name]!;
    const times = { "the ingest": await ingest(body, "stream", headers) };
    const record = await recordWith(id);
    const text = typeof value === "string" ? value : value(JSON.parse(record.value.toString()));
    expectRecord(record, { ...meant, value: text, way: "came by the stream", times });
  });

  test("was posted with others names their entry, and its own index", async () => {
    const texts = ["together-0", "together-1", "together-2"].map((id) => textOf(id, { subject: "k" }));
    const times = { "the ingest": await ingest(`[${texts.join(" , ")}]`, OF_A_BATCH) };
    const entries = new Set<string>();
    for (const [index, value] of texts.entries()) {
      const record = await recordWith(`together-${index}`);
      entries.add(expectRecord(record, { key: "k", value, way: "came by the stream", times, index }));
    }
    expect(entries.size).toBe(1);
  });
});

/** Text, trace and key of the events that went another way than most. */
const traced = { subject: "k", traceparent: TRACEPARENT, tracestate: TRACESTATE };
const common = { key: "k", trace: { traceparent: TRACEPARENT, tracestate: TRACESTATE } };

const flushRedis = async () => {
  const redis = new Redis(services.redis.url);
  await redis.flushall();
  redis.disconnect();
};

const ways: Readonly<Record<string, (way: string) => Promise<unknown>>> = {
  "came by the stream": async (way) => {
    const value = textOf("by-the-stream", traced);
    const times = { "the ingest": await ingest(value, "stream") };
    expectRecord(await recordWith("by-the-stream"), { ...common, value, way, times });
  },

  "was drained from the outbox": async (way) => {
    const value = textOf("drained", traced);
    await services.redis.kill("SIGSTOP");
    const times = { "the ingest": await ingest(value, "outbox") };
    await services.redis.kill("SIGCONT");
    expectRecord(await recordWith("drained"), { ...common, value, way, times });
  },

  "was restored from its copy": async (way) => {
    let attempts = 0;
    /** Another event each time: one that is in the stream alone, since its copy was late, is stored as well. */
    const store = async () => {
      const id = `restored-${++attempts}`;
      const value = textOf(id, traced);
      return { id, value, times: { "the ingest": await ingest(value, "both", { "spillway-durability": "both" }) } };
    };
    await eventually("the shard is diverted no more", store);
    pipeline.relays[0]?.kill("SIGSTOP");
    const { id, value, times } = await eventually("it is in both tiers", store);
    await flushRedis();
    pipeline.relays[0]?.kill("SIGCONT");
    // What was tried before it may have a copy, too: then one append restores both.
    expectRecord(await recordWith(id), { ...common, value, way, times, index: null });
    const log = () => Bun.file(pipeline.relays[0]?.logFile ?? "").text();
    await eventually("it is told", async () => (await log()).includes('"events.restored"'));
  },

  "was parked": async (way) => {
    const value = textOf("parked", { ...traced, type: "late.x" });
    const stored = await eventually("it is stored", async () => {
      const from = Date.now();
      return (await pipeline.post(value)).status === 202 && { from, to: Date.now() };
    });
    const isParked = async () => (await pipeline.sql`SELECT 1 FROM parked_events`).length === 1;
    await eventually("it is parked", isParked, 120_000);
    await services.kafka.createTopics([{ name: PARKED_TOPIC, partitions: 1 }]);
    const record = await recordWith("parked", pipeline, PARKED_TOPIC);
    expectRecord(record, { ...common, value, way, times: { "the ingest": stored } });
  },

  "was replayed, once": async (way) => {
    const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString("base64");
    const value = textOf("replayed", { ...traced, data: noise });
    expect((await pipeline.post(value)).status).toBe(202);
    const [letter] = await eventually("its dead letter", async () => {
      const letters = await pipeline.sql<{ id: string; entry: string }[]>`SELECT id, entry FROM dead_letters`;
      return letters.length > 0 && letters;
    });
    await setTopic(pipeline.addresses.brokers, pipeline.topic, "max.message.bytes", "1048588");
    const database = openDatabase({ url: pipeline.addresses.databaseUrl });
    const replay = createReplay({ database, shards: SHARDS, platform });
    const times = { "the replay": await timed(() => replay([letter?.id ?? ""], { by: "test" })) };
    await database.close();
    const entry = expectRecord(await recordWith("replayed"), { ...common, value, way, times });
    expect(entry).not.toBe(letter?.entry);
  },

  "is late": async (way) => {
    const topicSettings = { "message.timestamp.before.max.ms": String(BEFORE_MS_MAX) };
    const late = await startPipeline(services, { partitions: 1, topicSettings });
    try {
      const value = textOf("late", traced);
      late.relays[0]?.kill("SIGSTOP");
      const posted = await ingest(value, "stream", {}, late);
      await eventually("it is old", async () => Date.now() > posted.to + BEFORE_MS_MAX);
      late.relays[0]?.kill("SIGCONT");
      const record = await recordWith("late", late);
      const publishing = { from: posted.to + BEFORE_MS_MAX / 2, to: Date.now() };
      const times = { "the ingest": posted, "the publishing": publishing };
      expectRecord(record, { ...common, value, way, times });
    } finally {
      await late.stop();
    }
  },
};

describe("the record of an event that went the way of the table, and", () => {
  test.each(Object.keys(ways))("%s", async (way) => void (await ways[way]!(way)));

  test("the table has these ways, and no other", () => {
    expect(wayRows.map(({ way }) => way)).toEqual(Object.keys(ways));
  });
});
