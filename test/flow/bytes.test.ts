import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPartition } from "../kafka/kcat.ts";
import { createRandom, type Random } from "../simulation/random.ts";
import { countTopic } from "../support/topic.ts";
import { DEFAULT_SOURCE, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { completedText, type HostileEvent, hostileEvent, textOfEvent } from "./hostile-event.ts";

/* Bytes in = bytes out, through both tiers, for 20,000 hostile events; read back by librdkafka, which the relay does not use. */
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`bytes.test.ts SEED=${seed}`);

const EVENTS_A_TIER = 10_000;
const PARTITIONS = 4;
const REQUESTS_AT_ONCE = 16;

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

/** What a record must be: made when it is read, since some of it was filled in by the edge. */
type Expected = {
  readonly key: string | null;
  /** Null where no answer told it. */
  readonly ids: readonly string[] | null;
  readonly text: (parsed: Readonly<Record<string, unknown>>) => string;
};

const ANY_SPACE = [" ", "\t", "\n", "\r\n", "  \n\t"];
const LINE_SPACE = [" ", "\t", "\r", "  "];

const expectedOf = (
  event: HostileEvent,
  ids: readonly string[] | null,
  around: readonly [string, string],
): Expected => ({
  key: event.key,
  ids: event.id === null ? ids : [event.id],
  text: (parsed) => {
    const { id, time } = parsed as { id: string; time: string };
    const text = completedText(event, { specversion: "1.0", id, source: DEFAULT_SOURCE, time });
    return around[0] + text + around[1];
  },
});

const forms: readonly (readonly [string, string, (texts: readonly string[], random: Random) => string])[] = [
  ["application/json", "array", (texts, random) => `${random.pick(ANY_SPACE)}[${texts.join(" ,\n")}]\n`],
  ["application/json", "envelope", (texts) => `{"\\u0065vents" : [ ${texts.join(",")} ] }`],
  ["application/cloudevents-batch+json", "batch", (texts) => `[${texts.join(",")}]`],
  ["application/jsonl", "lines", (texts) => texts.join("\n")],
  ["application/x-ndjson", "lines", (texts, random) => texts.join(random.pick(["\n", "\r\n", "\n\n \n"]))],
];

/** Posts and says what must then be in Kafka, by the events' numbers. */
const createSender = (expected: Map<number, Expected>) => {
  const tiers = new Set<unknown>();

  /** Posts until it is stored; what was answered with 503 may have been stored, under the id that the answer names. */
  const post = async (body: string, headers: Readonly<Record<string, string>>) => {
    const ids: string[] = [];
    const { status, answer } = await eventually("another answer than 503", async () => {
      const response = await pipeline.post(body, headers);
      const answer = (await response.json()) as Record<string, unknown>;
      if (typeof answer.id === "string") ids.push(answer.id);
      return response.status === 503 ? null : { status: response.status, answer };
    });
    if (status !== 202) throw new Error(`${status} ${JSON.stringify(answer)} for ${body.slice(0, 2_000)}`);
    tiers.add(answer.tier);
    return { answer, ids };
  };

  const single = async (number: number, random: Random) => {
    const event = hostileEvent(number, random, ANY_SPACE);
    const around = [random.pick(["", ...ANY_SPACE]), random.pick(["", ...ANY_SPACE])] as const;
    const contentType = random.pick(["application/json", "application/cloudevents+json"]);
    const body = around[0] + textOfEvent(event) + around[1];
    const { ids } = await post(body, { "content-type": contentType });
    expected.set(number, expectedOf(event, ids, around));
  };

  const binary = async (number: number, random: Random) => {
    const data = hostileEvent(number, random, ANY_SPACE).members.find(({ name }) => name === "data")?.value ?? "null";
    const isJson = random.chance(0.7);
    const subject = `Zoë "%" ${number}, 🦊`;
    const headers = {
      "content-type": isJson ? "application/json" : "text/plain",
      "ce-type": "hostile.binary",
      "ce-n": String(number),
      "ce-id": `"b\\"${number}"`,
      "ce-subject": encodeURIComponent(subject),
    };
    const { ids } = await post(data, headers);
    const member = isJson ? `"data":${data}` : `"data_base64":"${Buffer.from(data).toString("base64")}"`;
    const text = ({ time }: Readonly<Record<string, unknown>>) =>
      `{"specversion":"1.0","source":"${DEFAULT_SOURCE}","time":"${time}","id":"b\\"${number}","n":"${number}","subject":${JSON.stringify(subject)},` +
      `"type":"hostile.binary","datacontenttype":"${headers["content-type"]}",${member}}`;
    expected.set(number, { key: subject, ids, text });
  };

  const batch = async (numbers: readonly number[], random: Random) => {
    const [contentType, form, wrap] = random.pick(forms);
    const spaces = form === "lines" ? LINE_SPACE : ANY_SPACE;
    const events = numbers.map((number) => hostileEvent(number, random, spaces));
    const key = random.chance(0.5) ? `batch-${numbers[0]}` : null;
    const headers = { "content-type": contentType, ...(key === null ? null : { "idempotency-key": key }) };
    const { answer } = await post(wrap(events.map(textOfEvent), random), headers);
    expect(Number(answer.accepted) + Number(answer.duplicates)).toBe(numbers.length);
    for (const [index, event] of events.entries())
      expected.set(event.number, expectedOf(event, key === null ? null : [`${key}/${index}`], ["", ""]));
  };

  return { single, binary, batch, tiers };
};

/** Posts `EVENTS_A_TIER` events from `first` on, and says which tiers took them. */
const send = async (first: number, random: Random, expected: Map<number, Expected>): Promise<ReadonlySet<unknown>> => {
  const sender = createSender(expected);
  let next = first;
  const end = first + EVENTS_A_TIER;
  const one = async (own: Random): Promise<void> => {
    while (next < end) {
      const count = own.chance(0.7) ? 1 : Math.min(own.between(1, 120), end - next);
      const numbers = Array.from({ length: count }, (_, i) => next + i);
      next += count;
      if (count > 1) await sender.batch(numbers, own);
      else await (own.chance(0.3) ? sender.binary : sender.single)(numbers[0] as number, own);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, () => one(random.fork())));
  return sender.tiers;
};

describe("20,000 hostile events", () => {
  const expected = new Map<number, Expected>();
  const startedAtMs = Date.now();

  test("are accepted by both tiers", async () => {
    const random = createRandom(seed);
    expect(await send(0, random, expected)).toContain("stream");
    await services.redis.kill("SIGSTOP");
    try {
      expect(await send(EVENTS_A_TIER, random, expected)).toContain("outbox");
    } finally {
      await services.redis.kill("SIGCONT");
    }
    expect(expected.size).toBe(2 * EVENTS_A_TIER);
  });

  test("are in Kafka byte for byte, with the key that their sender meant and the id that was answered", async () => {
    const { brokers } = pipeline.addresses;
    await eventually("all records", async () => (await countTopic(brokers, pipeline.topic)) >= expected.size);
    const seen = new Set<number>();
    for (let partition = 0; partition < PARTITIONS; partition++)
      for (const { key, value } of await readPartition(brokers, pipeline.topic, partition)) {
        const text = value.toString("utf8");
        const parsed = JSON.parse(text) as Record<string, unknown>;
        const number = Number(parsed.n);
        const meant = expected.get(number);
        // Compared here, not by expect(): twenty thousand of its calls take longer than all the rest.
        const isRight =
          meant !== undefined &&
          text === meant.text(parsed) &&
          Buffer.from(text, "utf8").equals(value) &&
          key === meant.key &&
          typeof parsed.id === "string" &&
          parsed.id !== "" &&
          (meant.ids === null || meant.ids.includes(parsed.id)) &&
          Date.parse(parsed.time as string) <= Date.now() &&
          (parsed.time === "2020-02-29T23:59:59.999999999+23:59" || Date.parse(parsed.time as string) >= startedAtMs);
        if (!isRight) expect({ number, text, key }).toEqual({ ...meant, text: meant?.text(parsed) });
        seen.add(number);
      }
    expect(seen.size).toBe(expected.size);
  });
});
