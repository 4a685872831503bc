import { afterAll, beforeAll, expect, test } from "vitest";
import type { ReadRecord } from "../conformance/sink.ts";
import { readPartition } from "../kafka/kcat.ts";
import { createRandom } from "../simulation/random.ts";
import { eventually } from "../support/eventually.ts";
import { countTopic } from "../support/topic.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { type Post, postOf, type Sent } from "./hostile-bodies.ts";

/*
 * Bytes in = bytes out, for 20,000 events of hostile bodies in every form, one half through the stream and the other
 * through the outbox, read back by librdkafka. An event may differ from what was sent by the members that it lacked.
 */
const EVENTS = 20_000;
const POSTS_AT_ONCE = 16;
const PARTITIONS = 4;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let services: Services;
let pipeline: Pipeline;

beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, { partitions: PARTITIONS });
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
});

const makePosts = (): Post[] => {
  const random = createRandom(seed);
  const posts: Post[] = [];
  let made = 0;
  while (made < EVENTS) {
    const before = made;
    posts.push(postOf(random, () => `m${made++}`, EVENTS - before));
  }
  return posts;
};

/** What was answered for the events that stand alone: the id, by marker. */
type Answered = { readonly ids: Map<string, string>; readonly tiers: Set<unknown> };

/** Posts them, and again until they are stored. */
const post = async ({ form, headers, body, events }: Post, answered: Answered): Promise<void> => {
  await eventually(`${form} is stored`, async () => {
    const response = await pipeline.post(new TextEncoder().encode(body), headers);
    const answer = (await response.json()) as { readonly id?: string; readonly tier?: string };
    if (response.status === 503) return false;
    expect([form, response.status, response.status === 202 ? "" : [answer, body.slice(0, 2_000)]]).toEqual([
      form,
      202,
      "",
    ]);
    if (answer.id !== undefined) answered.ids.set(events[0]?.marker ?? "", answer.id);
    answered.tiers.add(answer.tier);
    return true;
  });
};

const postAll = async (posts: readonly Post[], answered: Answered): Promise<void> => {
  const left = [...posts].reverse();
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop()) await post(next, answered);
  };
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, worker));
};

const FILLED = {
  specversion: '"specversion":"1\\.0",',
  id: '"id":"[0-9a-f-]{36}",',
  source: '"source":"/[a-z]+",',
  time: '"time":"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z",',
};

/** What is wrong with a record, or null. */
const faultOf = (sent: Sent, form: Post["form"], record: ReadRecord, id: string | undefined): string | null => {
  const text = record.value.toString("utf8");
  if (record.key !== sent.key) return `key ${record.key}`;
  const parsed = JSON.parse(text) as { readonly id: string };
  if (parsed.id !== (sent.id ?? id ?? parsed.id)) return `id ${parsed.id}`;
  if (form === "binary") return text.includes(`"data":${sent.text}`) ? null : "data";
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith(sent.text.slice(1))) return "bytes";
  const filled = trimmed.slice(1, trimmed.length - sent.text.length + 1);
  const expected = new RegExp(`^${sent.missing.map((name) => FILLED[name]).join("")}$`);
  return expected.test(filled) ? null : `filled in: ${filled}`;
};

const markerOf = ({ value }: ReadRecord): string => (JSON.parse(value.toString("utf8")) as { marker: string }).marker;

test("20,000 events of hostile bodies come out of Kafka byte for byte, by either tier", {
  timeout: 300_000,
}, async () => {
  console.info(`bytes.test.ts SEED=${seed}`);
  const posts = makePosts();
  const half = posts.length >> 1;
  const answered: Answered = { ids: new Map(), tiers: new Set() };
  await postAll(posts.slice(0, half), answered);
  await services.redis.kill("SIGSTOP");
  try {
    await postAll(posts.slice(half), answered);
  } finally {
    await services.redis.kill("SIGCONT");
  }
  expect(answered.tiers).toContain("stream");
  expect(answered.tiers).toContain("outbox");
  const { brokers } = pipeline.addresses;
  await eventually("all in the topic", async () => (await countTopic(brokers, pipeline.topic)) >= EVENTS, 120_000);

  const records = new Map<string, ReadRecord>();
  for (let partition = 0; partition < PARTITIONS; partition++)
    for (const record of await readPartition(brokers, pipeline.topic, partition)) records.set(markerOf(record), record);
  const faults = posts.flatMap(({ form, events }) =>
    events.flatMap((sent) => {
      const record = records.get(sent.marker);
      const fault = record ? faultOf(sent, form, record, answered.ids.get(sent.marker)) : "lost";
      return fault === null
        ? []
        : [{ form, fault, sent: sent.text.slice(0, 500), came: record?.value.toString().slice(0, 600) }];
    }),
  );
  expect(faults.slice(0, 3)).toEqual([]);
  expect(records.size).toBe(EVENTS);
});
