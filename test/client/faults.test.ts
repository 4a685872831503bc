import { eventually } from "@spillway/backends/eventually";
import { type ClientOptions, createClient, type Trouble } from "@spillway/client";
import { systemClock } from "@spillway/event";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  KEY,
  type Pipeline,
  type PipelineOptions,
  type Services,
  startPipeline,
  startServices,
} from "../support/world.ts";
import { expectArrivals, type Taken } from "./arrivals.ts";

/* The client against the real edge while what it needs fails. The consumer is kafkajs, which knows nothing of us. */
let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => {
  await services?.stop();
});

const KEYS = 8;
const PAUSE_MS = 4;

/** Sends until it is stopped, and remembers what was taken and what became of it. */
const startSending = (url: string, options: Partial<ClientOptions> = {}) => {
  const troubles: Trouble[] = [];
  const onTrouble = (trouble: Trouble) => void troubles.push(trouble);
  const all = { url, key: KEY, lingerMs: 20, batchEventsMax: 50, timeoutMs: 2_000, onTrouble, ...options };
  const client = createClient<{ "client.test": { seq: number } }>(all);
  const taken: Taken[] = [];
  const outcomes: string[] = [];
  let isStopped = false;
  const sending = (async () => {
    for (let n = 0; !isStopped; n++) {
      const event = { key: `key-${n % KEYS}`, seq: Math.floor(n / KEYS) };
      const { id, outcome } = await client.send({ type: "client.test", subject: event.key, data: { seq: event.seq } });
      taken.push({ id, ...event });
      void outcome.then(({ kind }) => outcomes.push(kind));
      await systemClock.sleep(PAUSE_MS);
    }
  })();
  const stop = async () => {
    isStopped = true;
    await sending;
    expect(await client.close()).toEqual({ unsent: 0 });
    expect(outcomes.every((kind) => kind === "stored")).toBe(true);
  };
  const stored = () => outcomes.length;
  const more = (what: string, count: () => number, by: number) => {
    const before = count();
    return eventually(`${by} more ${what}`, () => count() >= before + by);
  };
  return {
    taken,
    troubles,
    stop,
    moreStored: (by: number) => more("stored", stored, by),
    moreTroubles: (by: number) => more("troubles", () => troubles.length, by),
  };
};

type Sending = ReturnType<typeof startSending>;

const during = async (
  use: (pipeline: Pipeline, sending: Sending) => Promise<void>,
  options: PipelineOptions = {},
): Promise<Sending> => {
  const pipeline = await startPipeline(services, options);
  try {
    const sending = startSending(pipeline.edges[0]?.url ?? "");
    await sending.moreStored(100);
    await use(pipeline, sending);
    await sending.stop();
    await expectArrivals(pipeline, sending.taken);
    return sending;
  } finally {
    await pipeline.stop();
  }
};

test("an edge that is killed −9 three times, with requests under way", async () => {
  const { troubles } = await during(async ({ edges: [edge] }, { moreTroubles, moreStored }) => {
    for (let round = 0; round < 3; round++) {
      await edge?.kill("SIGKILL");
      await moreTroubles(1);
      await edge?.restart();
      await moreStored(100);
    }
  });
  expect(troubles.map(({ status }) => status)).toContain(null);
});

test("an edge that is frozen: no answer is not known, and the same events come again", async () => {
  const { troubles } = await during(async ({ edges: [edge] }, { moreTroubles, moreStored }) => {
    await edge?.kill("SIGSTOP");
    await moreTroubles(2);
    await edge?.kill("SIGCONT");
    await moreStored(200);
  });
  expect(troubles.map(({ code }) => code)).toContain("timeout");
});

test("Redis frozen: it goes on by the outbox", async () => {
  await during(async (_, { moreStored }) => {
    await services.redis.kill("SIGSTOP");
    await moreStored(300);
    await services.redis.kill("SIGCONT");
    await moreStored(300);
  });
});

test("Postgres stopped", async () => {
  await during(async (_, { moreStored }) => {
    await services.postgres.kill("SIGKILL");
    await moreStored(300);
    await services.postgres.restart();
    await moreStored(100);
  });
});

test("Redis and Postgres refuse: it waits as the edge says, and all goes when one of them is back", async () => {
  const { troubles } = await during(async (_, { moreTroubles, moreStored }) => {
    await Promise.all([services.redis.kill("SIGKILL"), services.postgres.kill("SIGKILL")]);
    await moreTroubles(3);
    await Promise.all([services.redis.restart(), services.postgres.restart()]);
    await moreStored(300);
  });
  const refusals = troubles.filter(({ status }) => status === 503);
  expect(refusals.length).toBeGreaterThan(1);
  for (const { retryInMs } of refusals) expect(retryInMs).toBeGreaterThanOrEqual(1_000);
});

test("a quota of a third of what is sent: 429 and 207, and nothing is lost or out of order", async () => {
  const edgeEnv = { API_KEY_QUOTAS: "test=60/s" };
  const { troubles } = await during(async (_, { moreTroubles }) => void (await moreTroubles(5)), {
    edgeEnv,
  });
  expect(new Set(troubles.map(({ code }) => code))).toEqual(new Set(["quota_exceeded"]));
});
