import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judge } from "../support/checker.ts";
import { startProducer } from "../support/producer.ts";
import { countTopic } from "../support/topic.ts";
import { KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* The promises under the faults that happen first: each backend stops, dies, comes back. */
let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => {
  await services?.stop();
});

const withPipeline = async (use: (pipeline: Pipeline) => Promise<void>, options = {}) => {
  const pipeline = await startPipeline(services, options);
  try {
    await use(pipeline);
  } finally {
    await pipeline.stop();
  }
};

const produceTo = (pipeline: Pipeline, eventsPerSecond = 400) =>
  startProducer({
    urls: pipeline.edges.map((edge) => edge.url),
    apiKey: KEY,
    keys: 16,
    eventsPerSecond,
  });

/** Counting records is not enough to know that all have arrived: those that a dead relay published twice count, too. */
const verdictOf = async (pipeline: Pipeline, producer: ReturnType<typeof startProducer>) => {
  const { brokers } = pipeline.addresses;
  const judgeNow = () => judge(producer.attempts, brokers, pipeline.topic, pipeline.sql);
  const allArrived = async () => {
    if ((await countTopic(brokers, pipeline.topic)) < producer.accepted()) return undefined;
    const verdict = await judgeNow();
    return verdict.lost === 0 ? verdict : undefined;
  };
  return eventually("all accepted events in the topic", allArrived, 120_000).catch(judgeNow);
};
const nothingLost = { lost: 0, unexpected: 0, corrupted: 0, inversions: 0 };

test("Redis killed −9 under load: posts keep answering 202 through the outbox, which drains by itself in order", async () => {
  await withPipeline(async (pipeline) => {
    const producer = produceTo(pipeline);
    await eventually("a start", () => producer.accepted() > 200);
    await services.redis.kill("SIGKILL");
    const before = producer.accepted();
    await eventually("answers while Redis is down", () => producer.accepted() > before + 400);
    await services.redis.restart();
    await eventually("events through the stream again", () => {
      const last = [...producer.attempts.values()].filter((attempt) => attempt.acceptedAt > 0).slice(-1)[0];
      return last?.tier === "stream";
    });
    await producer.stop();
    expect([...producer.attempts.values()].some((attempt) => attempt.tier === "outbox")).toBe(true);
    expect(await verdictOf(pipeline, producer)).toMatchObject(nothingLost);
    const [outbox] = await pipeline.sql`SELECT count(*)::int AS rows FROM outbox`;
    expect(outbox?.rows).toBe(0);
    expect(producer.slowestMs()).toBeLessThan(2_000);
  });
});

test("a relay killed −9 loses nothing, and another takes over", async () => {
  await withPipeline(
    async (pipeline) => {
      const producer = produceTo(pipeline);
      for (let round = 0; round < 3; round++) {
        const before = await countTopic(pipeline.addresses.brokers, pipeline.topic);
        await eventually(
          "records while a relay is down",
          async () => (await countTopic(pipeline.addresses.brokers, pipeline.topic)) > before + 200,
        );
        const relay = pipeline.relays[round % 2];
        await relay?.kill("SIGKILL");
        const down = await countTopic(pipeline.addresses.brokers, pipeline.topic);
        await eventually(
          "the other relay's records",
          async () => (await countTopic(pipeline.addresses.brokers, pipeline.topic)) > down + 200,
        );
        await relay?.restart();
      }
      await producer.stop();
      expect(await verdictOf(pipeline, producer)).toMatchObject(nothingLost);
    },
    { relays: 2 },
  );
});

test("Kafka stopped while 10,000 events come: posts answer 202 throughout, and the backlog reaches it by itself", async () => {
  await withPipeline(async (pipeline) => {
    const producer = produceTo(pipeline);
    await eventually("a start", () => producer.accepted() > 200);
    await services.kafka.kill("SIGKILL");
    const before = producer.accepted();
    await eventually("answers while Kafka is down", () => producer.accepted() > before + 10_000, 90_000);
    await services.kafka.restart();
    await producer.stop();
    expect(await verdictOf(pipeline, producer)).toMatchObject(nothingLost);
    expect([...producer.statuses.keys()]).toEqual([202]);
  });
});

test("both tiers down: every answer is 503 with Retry-After, and posts work again by themselves", async () => {
  await withPipeline(async (pipeline) => {
    const producer = produceTo(pipeline, 200);
    await eventually("a start", () => producer.accepted() > 100);
    await Promise.all([services.redis.kill("SIGKILL"), services.postgres.kill("SIGKILL")]);
    await eventually("a refusal", () => (producer.statuses.get(503) ?? 0) > 0);
    const accepted = producer.accepted();
    const refused = producer.statuses.get(503) ?? 0;
    await eventually("many refusals", () => (producer.statuses.get(503) ?? 0) > refused + 100);
    expect(producer.accepted()).toBe(accepted);
    await Promise.all([services.redis.restart(), services.postgres.restart()]);
    await eventually("acceptance again", () => producer.accepted() > accepted + 200);
    await producer.stop();
    expect(producer.refusalsAreComplete()).toBe(true);
    expect(await verdictOf(pipeline, producer)).toMatchObject(nothingLost);
  });
});
