import { randomBytes } from "node:crypto";
import { askRedis } from "@spillway/backends";
import { AclOperationTypes } from "kafkajs";
import { deny } from "../support/acl.ts";
import { acknowledgeLoss, discardDeadLetters } from "./operator.ts";
import { followCommands } from "./runbook.ts";
import { ORDERS, patiently, RECORD_BYTES_MAX, type Stack } from "./stack.ts";

/** Something goes wrong. What it answers puts it right. */
type Begin = (stack: Stack) => Promise<() => Promise<unknown>>;

export type Outage = {
  readonly begin: Begin;
  /** The alerts that an operator is told of. */
  readonly told: readonly string[];
  /** Those that fire as well, and are not sent, since they only follow. */
  readonly follow: readonly string[];
};

/** Frozen, it takes connections and answers nothing. */
const frozen =
  (name: "kafka" | "redis"): Begin =>
  async ({ services }) => {
    await services[name].kill("SIGSTOP");
    return () => services[name].kill("SIGCONT");
  };

/** Eleven letters in ten minutes are an alert, and some come late for the first look at them. */
const DEAD_LETTERS = 30;

const oversize: Begin = async (stack) => {
  for (let i = 0; i < DEAD_LETTERS; i++)
    await stack.sender.post({ type: "other.big", data: randomBytes(RECORD_BYTES_MAX).toString("base64") });
  return () => discardDeadLetters(stack);
};

/** What came while the relay was frozen is gone; what it has in hand it would still publish. */
const emptied: Begin = async (stack) => {
  const { services, pipeline, sender } = stack;
  const [relay] = pipeline.relays;
  await relay?.kill("SIGSTOP");
  for (let i = 0; i < 10; i++) await sender.post({ type: "other.lost" });
  await askRedis(services.redis.url, (redis) => redis.flushall());
  await relay?.kill("SIGCONT");
  return () => acknowledgeLoss(stack);
};

/** They read for a while, and then they are gone. */
const deserted: Begin = async ({ observers, consumers }) => {
  await consumers.start();
  await patiently(
    "the group is seen to read",
    async () => (await observers.number("min(spillway_consumer_group_lag)")) !== null,
  );
  await consumers.stop();
  return consumers.start;
};

/** As far as no more is taken. */
const full: Begin = async (stack) => {
  const { pipeline } = stack;
  const end = await frozen("kafka")(stack);
  const events = JSON.stringify(Array.from({ length: 1_000 }, (_, i) => ({ type: "other.much", subject: `s${i}` })));
  const isFull = async () => (await pipeline.post(events, undefined, "/v1/batch")).status === 429;
  await patiently("stream and outbox are full", isFull);
  return end;
};

/** All that a test brings about, by what it is called. */
export const outages = {
  "a Kafka that does not answer": {
    begin: frozen("kafka"),
    told: ["SpillwayDependencyDown"],
    follow: ["SpillwayEventsWait", "SpillwayTopicStandsStill"],
  },
  "a Redis that does not answer": {
    begin: frozen("redis"),
    told: ["SpillwayDependencyDown"],
    follow: ["SpillwayBreakerOpen", "SpillwayEventsWait", "SpillwayOutboxGrows"],
  },
  // Its sessions are processes of their own and would answer on.
  "a Postgres that is gone": {
    begin: async ({ services }) => {
      await services.postgres.kill();
      return () => services.postgres.restart();
    },
    told: ["SpillwayDependencyDown"],
    follow: [],
  },
  "a topic that takes nothing": {
    begin: ({ pipeline }) => deny(pipeline.addresses.brokers, ORDERS, AclOperationTypes.WRITE),
    told: ["SpillwayTopicStandsStill"],
    follow: ["SpillwayEventsWait", "SpillwayParkedGrows"],
  },
  "a Redis that does not keep what it takes": {
    begin: async (stack) => {
      await askRedis(stack.services.redis.url, (redis) => redis.config("SET", "appendfsync", "everysec"));
      return () => followCommands(stack, "SpillwayDurabilityBroken");
    },
    told: ["SpillwayDurabilityBroken"],
    follow: ["SpillwayEventsWait", "SpillwayShardStandsStill"],
  },
  "no relay": {
    begin: async ({ pipeline }) => {
      const [relay] = pipeline.relays;
      await relay?.kill();
      return async () => relay?.restart();
    },
    told: ["SpillwayShardWithoutOwner", "SpillwayTargetDown"],
    follow: ["SpillwayEventsWait"],
  },
  "dead letters": { begin: oversize, told: ["SpillwayDeadLettersGrow"], follow: [] },
  "a Redis that was emptied": { begin: emptied, told: ["SpillwayEventsUnaccounted"], follow: [] },
  "consumers that are gone": { begin: deserted, told: ["SpillwayConsumerGroupStandsStill"], follow: [] },
  "stream and outbox full": {
    begin: full,
    told: ["SpillwayDependencyDown", "SpillwayEventsRefused", "SpillwayFullSoon"],
    follow: ["SpillwayEventsWait", "SpillwayTopicStandsStill"],
  },
} as const satisfies Record<string, Outage>;

export type OutageName = keyof typeof outages;
