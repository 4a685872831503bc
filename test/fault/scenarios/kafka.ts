import { eventually } from "@spillway/backends/eventually";
import { Redis } from "ioredis";
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from "kafkajs";
import { setTopic } from "../../support/topic.ts";
import { KEY } from "../../support/world.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";

const withAdmin = async <T>(world: FaultWorld, use: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = new Kafka({ brokers: [...world.pipeline.addresses.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
};

const topicSetting = (name: string, value: string) => (world: FaultWorld) =>
  setTopic(world.pipeline.addresses.brokers, world.pipeline.topic, name, value);

const usedRedisBytes = async (world: FaultWorld): Promise<number> => {
  const redis = new Redis(world.services.redis.url);
  try {
    return Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
  } finally {
    redis.disconnect();
  }
};

const stopped = (ms: number) => async (world: FaultWorld) => {
  await world.services.kafka.kill("SIGKILL");
  await world.sleep(ms);
  await world.services.kafka.restart();
};

/** A post beside the producer's, whose events must become dead letters. */
const postOversize = (world: FaultWorld, count: number) =>
  fetch(`${world.pipeline.edges[0]?.url}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify(
      Array.from({ length: count }, (_, i) => ({
        id: `oversize-${i}`,
        type: "oversize",
        data: Array.from({ length: 4_000 }, () => Math.floor(world.random() * 2 ** 32).toString(36)).join(""),
      })),
    ),
  });

const POST = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };

/** Posts beside the producer's. */
const postBeside = async (world: FaultWorld, events: readonly object[]): Promise<void> => {
  const url = `${world.pipeline.edges[0]?.url}/v1/events`;
  const response = await fetch(url, { method: "POST", headers: POST, body: JSON.stringify(events) });
  if (response.status !== 202) throw new Error(`the events beside were answered ${response.status}`);
};

/** The relay is not up, and says of which topic. */
const alarmed = (world: FaultWorld, topic: string) =>
  eventually(
    "an alarm that names the topic",
    async () => {
      const response = await fetch(`${world.pipeline.relays[0]?.url}/readyz`);
      const { status, troubles } = (await response.json()) as { status: string; troubles: { topic?: string }[] };
      return status !== "up" && troubles.some((trouble) => trouble.topic === topic);
    },
    20_000,
  );

/** A topic that nobody needed until now: there is none, or it is forbidden, or it is there. */
const LATE_TOPIC = "needed-late";
const needLateTopic = (world: FaultWorld) =>
  postBeside(
    world,
    Array.from({ length: 8 }, (_, i) => ({ id: `late-${i}`, type: "late.x", subject: `late-${i}` })),
  );

const aclKafka = {
  settings: {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
  },
};

const deadLetters = async (world: FaultWorld): Promise<number> => {
  const [row] = await world.pipeline.sql`SELECT count(*)::int AS letters FROM dead_letters`;
  return Number(row?.letters);
};

export const kafkaScenarios: readonly Scenario[] = [
  { id: "F44a", fault: "the broker killed −9, back after 8 s", quick: true, during: "answers", run: stopped(8_000) },
  {
    id: "F44b",
    fault: "the broker frozen for 20 s",
    during: "answers",
    run: async (world) => {
      await world.services.kafka.kill("SIGSTOP");
      await world.sleep(20_000);
      await world.services.kafka.kill("SIGCONT");
    },
  },
  {
    id: "F44c",
    fault: "the broker killed −9 and the relay too",
    during: "answers",
    run: async (world) => {
      await world.services.kafka.kill("SIGKILL");
      await world.sleep(1_000);
      await world.pipeline.relays[0]?.kill("SIGKILL");
      await world.pipeline.relays[0]?.restart();
      await world.sleep(2_000);
      await world.services.kafka.restart();
    },
  },
  {
    id: "F46",
    fault: "events larger than the broker allows among good ones",
    quick: true,
    during: "answers",
    run: async (world) => {
      await topicSetting("max.message.bytes", "10000")(world);
      await world.sleep(500);
      const response = await postOversize(world, 5);
      if (response.status !== 202) throw new Error(`the oversize events were answered ${response.status}`);
      await eventually("five dead letters", async () => (await deadLetters(world)) === 5, 30_000);
      await topicSetting("max.message.bytes", "1048588")(world);
    },
  },
  {
    id: "F47",
    fault: "Kafka denies writing to the topic for 8 s (ACL): hold and alarm, no dead letters",
    during: "answers",
    own: { kafka: aclKafka },
    run: async (world) => {
      const rule = {
        resourceType: AclResourceTypes.TOPIC,
        resourceName: world.pipeline.topic,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: "User:ANONYMOUS",
        host: "*",
        operation: AclOperationTypes.WRITE,
        permissionType: AclPermissionTypes.DENY,
      };
      await withAdmin(world, (admin) => admin.createAcls({ acl: [rule] }));
      await world.sleep(8_000);
      await withAdmin(world, (admin) => admin.deleteAcls({ filters: [rule] }));
    },
    check: async (world) => {
      const letters = await deadLetters(world);
      if (letters > 0) throw new Error(`${letters} events were pushed into the dead letters`);
    },
  },
  {
    id: "F47b",
    fault: "a topic that is missing when it is first needed: alarm with its name, and all goes on when it is made",
    quick: true,
    during: "answers",
    own: {},
    relayEnv: { KAFKA_TOPIC_ROUTES: `late.=${LATE_TOPIC}` },
    run: async (world) => {
      await needLateTopic(world);
      await alarmed(world, LATE_TOPIC);
      await withAdmin(world, (admin) => admin.createTopics({ topics: [{ topic: LATE_TOPIC, numPartitions: 2 }] }));
    },
  },
  {
    id: "F47c",
    fault:
      "a topic that is forbidden (ACL) when it is first needed: alarm with its name, and all goes on when it is allowed",
    during: "answers",
    own: { kafka: aclKafka },
    relayEnv: { KAFKA_TOPIC_ROUTES: `late.=${LATE_TOPIC}` },
    run: async (world) => {
      await withAdmin(world, (admin) => admin.createTopics({ topics: [{ topic: LATE_TOPIC, numPartitions: 2 }] }));
      const rule = {
        resourceType: AclResourceTypes.TOPIC,
        resourceName: LATE_TOPIC,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: "User:ANONYMOUS",
        host: "*",
        operation: AclOperationTypes.ALL,
        permissionType: AclPermissionTypes.DENY,
      };
      await withAdmin(world, (admin) => admin.createAcls({ acl: [rule] }));
      await needLateTopic(world);
      await alarmed(world, LATE_TOPIC);
      await withAdmin(world, (admin) => admin.deleteAcls({ filters: [rule] }));
    },
  },
  {
    id: "F48a",
    fault:
      "sixty events without a key into a compacted topic, among good ones: sixty dead letters, and the others go on",
    quick: true,
    during: "answers",
    run: async (world) => {
      await topicSetting("cleanup.policy", "compact")(world);
      await world.sleep(500);
      await postBeside(
        world,
        Array.from({ length: 60 }, (_, i) => ({ id: `keyless-${i}`, type: "keyless" })),
      );
      await eventually("sixty dead letters", async () => (await deadLetters(world)) === 60, 20_000);
      await topicSetting("cleanup.policy", "delete")(world);
    },
  },
  {
    id: "F48b",
    fault:
      "a topic that takes only what fits into 80 bytes for 8 s, which is nothing: alarm, few dead letters, all goes on",
    during: "answers",
    run: async (world) => {
      await topicSetting("max.message.bytes", "80")(world);
      await alarmed(world, world.pipeline.topic);
      await world.sleep(8_000);
      await topicSetting("max.message.bytes", "1048588")(world);
    },
    check: async (world) => {
      const letters = await deadLetters(world);
      if (letters > 16) throw new Error(`${letters} events were pushed into the dead letters`);
    },
  },
  {
    id: "F51",
    fault: "no relay for 10 s, and a topic that refuses times older than 5 s: our own waiting kills nothing",
    quick: true,
    during: "answers",
    run: async (world) => {
      await topicSetting("message.timestamp.before.max.ms", "5000")(world);
      await world.pipeline.relays[0]?.kill("SIGKILL");
      await world.sleep(10_000);
      await world.pipeline.relays[0]?.restart();
    },
    check: async (world) => {
      const letters = await deadLetters(world);
      if (letters > 0) throw new Error(`${letters} events died of the time that we gave them`);
    },
  },
  {
    id: "F49",
    fault: "a poison event while the dead letters cannot be written: nothing is settled until they can",
    during: "answers",
    run: async (world) => {
      await topicSetting("max.message.bytes", "10000")(world);
      world.proxies.relayToPostgres.set({ kind: "refuse" });
      await world.sleep(500);
      await postOversize(world, 2);
      await world.sleep(4_000);
      if ((await deadLetters(world)) > 0) throw new Error("a dead letter was written through a closed link");
      world.proxies.relayToPostgres.set({ kind: "pass" });
      await eventually("two dead letters", async () => (await deadLetters(world)) === 2, 30_000);
      await topicSetting("max.message.bytes", "1048588")(world);
    },
  },
  {
    id: "F56",
    fault: "Kafka stopped, and the backlog full: events overflow to the outbox on disk",
    quick: true,
    during: "answers",
    edgeEnv: { BACKLOG_EVENTS_MAX: "300" },
    relayEnv: { BACKLOG_EVENTS_MAX: "300" },
    run: stopped(8_000),
    check: (world) => {
      const attempts = [...world.producer.attempts.values()];
      if (!attempts.some((attempt) => attempt.tier === "outbox")) throw new Error("nothing overflowed");
    },
  },
  {
    id: "F57",
    fault: "Kafka stopped, backlog and outbox full: 429 with Retry-After, and all is well afterwards",
    during: "either",
    edgeEnv: { BACKLOG_EVENTS_MAX: "200", OUTBOX_EVENTS_MAX: "500" },
    relayEnv: { BACKLOG_EVENTS_MAX: "200" },
    run: stopped(15_000),
    check: (world) => {
      if ((world.producer.statuses.get(429) ?? 0) === 0) throw new Error("no post was answered 429");
    },
  },
  {
    id: "F60",
    fault:
      "Kafka stopped for six minutes at 2,000 events/s: the backlog overflows to disk, Redis stays within its memory",
    during: "answers",
    eventsPerSecond: 2_000,
    batch: 10,
    edgeEnv: { BACKLOG_EVENTS_MAX: "60000" },
    relayEnv: { BACKLOG_EVENTS_MAX: "60000" },
    own: { redis: { settings: { maxmemory: "256mb" } } },
    run: async (world) => {
      await world.services.kafka.kill("SIGKILL");
      for (let minute = 0; minute < 6; minute++) {
        await world.sleep(60_000);
        const used = await usedRedisBytes(world);
        if (used > 256 * 2 ** 20) throw new Error(`Redis uses ${used} bytes`);
      }
      await world.services.kafka.restart();
    },
  },
];
