import { createBelonging } from "@spillway/event";
import { createMetricsSpy } from "@spillway/telemetry/metrics-spy";
import { expect, test } from "vitest";
import { type AppWorld, createAppWorld } from "./app.fixture.ts";
import type { RefusalCode } from "./commit/result.ts";

const ANSWERED_MS = 1_000;

type Way = {
  readonly options?: Parameters<typeof createAppWorld>[0];
  /** What makes the world refuse. */
  readonly make?: (app: AppWorld) => Promise<void> | void;
  readonly headers?: Readonly<Record<string, string>>;
};

const broken = { state: "broken", because: ["appendonly"] } as const;
const strange = () => {
  const belonging = createBelonging({ namespace: "memory", shards: 4 });
  belonging.found("redis", { id: "one", namespace: "memory", shards: 4 });
  belonging.found("postgres", { id: "another", namespace: "memory", shards: 4 });
  return belonging;
};

/** One way to each; a quota is counted by its key, in `spillway_quota_refused_total`. */
const ways: Readonly<Record<Exclude<RefusalCode, "quota_exceeded">, Way>> = {
  unavailable: {
    make: ({ world }) => {
      world.outages.start("redis");
      world.outages.start("postgres");
    },
  },
  overloaded: { options: { queueEventsMax: 1 } },
  backlog_full: {
    options: { outboxEventsMax: 1 },
    make: async (app) => {
      app.world.outages.start("redis", "timeout");
      await app.post('{"id":"first","type":"t","source":"/s"}');
    },
  },
  weak_redis: {
    options: { onWeakRedis: "refuse" },
    make: async (app) => {
      app.world.promise.become(broken);
      await app.committer.start();
    },
  },
  both_unavailable: {
    options: { apiKeyDurabilities: [{ name: "shop", durability: "required", may: true }] },
    make: ({ world }) => world.outages.start("postgres", "timeout"),
  },
  wrong_installation: { options: { belonging: strange() } },
};

test.each(Object.entries(ways))("events that are refused as %s are counted by that code, each", async (code, way) => {
  const metrics = createMetricsSpy();
  const app = await createAppWorld({ ...way.options, metrics });
  await way.make?.(app);
  const before = metrics.of("spillway_events_refused_total").length;
  const answer = app.post('[{"id":"a","type":"t","source":"/s"},{"id":"b","type":"t","source":"/s"}]');
  await app.clock.advance(ANSWERED_MS);
  expect(await (await answer).json()).toMatchObject({ code });
  const counted = metrics.of("spillway_events_refused_total").slice(before);
  expect(new Set(counted.map(({ labels }) => labels.code))).toEqual(new Set([code]));
  expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(2);
});

test("events that are invalid are counted by their code, those of a batch that is stored in part, too", async () => {
  const metrics = createMetricsSpy();
  const app = await createAppWorld({ metrics });
  await app.post('[{"id":"a","type":"t","source":"/s"},7,{"id":"b"},{"id":"c"}]');
  await app.post('{"id":"d"}');
  const counted = metrics.of("spillway_events_invalid_total").map(({ labels }) => labels.code);
  expect(counted).toEqual(["not_an_object", "missing_attribute", "missing_attribute", "missing_attribute"]);
  expect(metrics.of("spillway_events_refused_total")).toEqual([]);
});
