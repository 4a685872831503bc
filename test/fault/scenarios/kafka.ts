import { askKafka } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { AclOperationTypes } from "kafkajs";
import { aclKafka, deny } from "../../support/acl.ts";
import { setTopic } from "../../support/topic.ts";
import { frozenFor, type Injection, inTurn, kafka, killedFor, pause, relay, whileLink } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { withRedis } from "./redis.ts";

export const topicSetting =
  (name: string, value: string): Injection =>
  async ({ pipeline }) =>
    void (await setTopic(pipeline.addresses.brokers, pipeline.topic, name, value));

/** Our user may not do this to a topic while something else happens. */
export const whileDenied =
  (topicOf: (world: FaultWorld) => string, operation: AclOperationTypes, injection: Injection): Injection =>
  async (world) => {
    const allow = await deny(world.pipeline.addresses.brokers, topicOf(world), operation);
    await injection(world);
    await allow();
  };

/** Posts so many beside the producer's. */
const postBeside =
  (count: number, eventOf: (i: number, world: FaultWorld) => object): Injection =>
  async (world) => {
    const events = Array.from({ length: count }, (_, i) => eventOf(i, world));
    const response = await world.pipeline.post(JSON.stringify(events));
    if (response.status !== 202) throw new Error(`the events beside were answered ${response.status}`);
  };

/** Must become dead letters where a topic takes 10,000 bytes. */
const postOversize = (count: number): Injection =>
  postBeside(count, (i, { random }) => ({
    id: `oversize-${i}`,
    type: "oversize",
    data: Array.from({ length: 4_000 }, () => Math.floor(random() * 2 ** 32).toString(36)).join(""),
  }));

type Readiness = { readonly status: string; readonly troubles: readonly { readonly topic?: string }[] };

const readiness = async (world: FaultWorld): Promise<Readiness> =>
  (await (await fetch(`${relay(world).url}/readyz`)).json()) as Readiness;

const isAlarm = ({ status, troubles }: Readiness, name: string): boolean =>
  status !== "up" && troubles.some(({ topic }) => topic === name);

/** Waits until the relay is not up, and says of which topic. */
export const alarmed =
  (topicOf: (world: FaultWorld) => string): Injection =>
  async (world) => {
    const isAlarmed = async () => isAlarm(await readiness(world), topicOf(world));
    await eventually("an alarm that names the topic", isAlarmed, 20_000);
  };

/** For so long, four a second, every answer of the relay names the topic. */
const staysAlarmed =
  (topicOf: (world: FaultWorld) => string, ms: number): Injection =>
  async (world) => {
    const others: string[] = [];
    for (const until = performance.now() + ms; performance.now() < until; await world.sleep(250)) {
      const answer = await readiness(world);
      if (!isAlarm(answer, topicOf(world))) others.push(JSON.stringify(answer));
    }
    if (others.length > 0) throw new Error(`the relay said ${others.length} times that all is well: ${others[0]}`);
  };

const within =
  (ms: number, injection: Injection): Injection =>
  async (world) => {
    const startMs = performance.now();
    await injection(world);
    const tookMs = performance.now() - startMs;
    if (tookMs > ms) throw new Error(`it took ${Math.round(tookMs)} ms`);
  };

export const isUp: Injection = async (world) =>
  void (await eventually("the relay is up", async () => (await readiness(world)).status === "up", 30_000));

/** The topic is deleted, and made anew when it is over. */
const whileDeleted =
  (injection: Injection): Injection =>
  async (world) => {
    const { topic, addresses } = world.pipeline;
    await askKafka(addresses.brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
    try {
      await injection(world);
    } finally {
      await world.services.kafka.createTopics([{ name: topic, partitions: 4 }]);
    }
  };

export const ownTopic = ({ pipeline }: FaultWorld): string => pipeline.topic;

/** A topic that nobody needed until now: there is none, or it is forbidden, or it is there. */
export const lateTopic = () => "needed-late";
export const lateRoute = { KAFKA_TOPIC_ROUTES: `late.=${lateTopic()}` };
const needLateTopic = inTurn(
  postBeside(8, (i) => ({ id: `late-${i}`, type: "late.x", subject: `late-${i}` })),
  alarmed(lateTopic),
);
export const createLateTopic: Injection = ({ services }) =>
  services.kafka.createTopics([{ name: lateTopic(), partitions: 2 }]);

const deadLetters = async ({ pipeline }: FaultWorld): Promise<number> => {
  const [row] = await pipeline.sql`SELECT count(*)::int AS letters FROM dead_letters`;
  return Number(row?.letters);
};

const deadLettersAre =
  (count: number): Injection =>
  async (world) =>
    void (await eventually(`${count} dead letters`, async () => (await deadLetters(world)) === count, 30_000));

export const deadLettersAtMost =
  (count: number): Injection =>
  async (world) => {
    const letters = await deadLetters(world);
    if (letters > count) throw new Error(`${letters} events were pushed into the dead letters`);
  };

export const kafkaScenarios: readonly Scenario[] = [
  {
    id: "F44a",
    fault: "the broker killed −9, back after 8 s",
    quick: true,
    during: "answers",
    run: killedFor(kafka, 8_000),
  },
  {
    id: "F44b",
    fault: "the broker frozen for 20 s",
    during: "answers",
    run: frozenFor(kafka, 20_000),
  },
  {
    id: "F44c",
    fault: "the broker killed −9 and the relay too",
    during: "answers",
    run: async (world) => {
      await kafka(world).kill();
      await inTurn(pause(1_000), killedFor(relay, 0), pause(2_000))(world);
      await kafka(world).restart();
    },
  },
  {
    id: "F46",
    fault: "events larger than the broker allows among good ones",
    quick: true,
    during: "answers",
    run: inTurn(
      topicSetting("max.message.bytes", "10000"),
      pause(500),
      postOversize(5),
      deadLettersAre(5),
      topicSetting("max.message.bytes", "1048588"),
    ),
  },
  {
    id: "F47",
    fault: "Kafka denies writing to the topic for 8 s (ACL): hold and alarm, no dead letters",
    during: "answers",
    own: { kafka: aclKafka },
    run: whileDenied(ownTopic, AclOperationTypes.WRITE, pause(8_000)),
    check: deadLettersAtMost(0),
  },
  {
    id: "F47b",
    fault: "a topic that is missing when it is first needed: alarm with its name, and all goes on when it is made",
    quick: true,
    during: "answers",
    own: {},
    relayEnv: lateRoute,
    run: inTurn(needLateTopic, createLateTopic),
  },
  {
    id: "F47c",
    fault:
      "a topic that is forbidden (ACL) when it is first needed: alarm with its name, and all goes on when it is allowed",
    during: "answers",
    own: { kafka: aclKafka },
    relayEnv: lateRoute,
    run: inTurn(createLateTopic, whileDenied(lateTopic, AclOperationTypes.ALL, needLateTopic)),
  },
  {
    id: "F67",
    fault: "the topic deleted under load for 20 s: /readyz names it within 8 s and until it is there again",
    during: "answers",
    own: {},
    // What Kafka had confirmed is deleted with it.
    lossIsChecked: true,
    run: inTurn(whileDeleted(inTurn(within(8_000, alarmed(ownTopic)), staysAlarmed(ownTopic, 12_000))), isUp),
  },
  {
    id: "F48a",
    fault:
      "sixty events without a key into a compacted topic, among good ones: sixty dead letters, and the others go on",
    quick: true,
    during: "answers",
    run: inTurn(
      topicSetting("cleanup.policy", "compact"),
      pause(500),
      postBeside(60, (i) => ({ id: `keyless-${i}`, type: "keyless" })),
      deadLettersAre(60),
      topicSetting("cleanup.policy", "delete"),
    ),
  },
  {
    id: "F48b",
    fault:
      "a topic that takes only what fits into 80 bytes for 8 s, which is nothing: alarm, few dead letters, all goes on",
    during: "answers",
    run: inTurn(
      topicSetting("max.message.bytes", "80"),
      alarmed(ownTopic),
      pause(8_000),
      topicSetting("max.message.bytes", "1048588"),
    ),
    check: deadLettersAtMost(16),
  },
  {
    id: "F51",
    fault: "no relay for 10 s, and a topic that refuses times older than 5 s: our own waiting kills nothing",
    quick: true,
    during: "answers",
    run: inTurn(topicSetting("message.timestamp.before.max.ms", "5000"), killedFor(relay, 10_000)),
    check: deadLettersAtMost(0),
  },
  {
    id: "F49",
    fault: "a poison event while the dead letters cannot be written: nothing is settled until they can",
    during: "answers",
    run: inTurn(
      topicSetting("max.message.bytes", "10000"),
      whileLink(
        "relayToPostgres",
        { kind: "refuse" },
        inTurn(pause(500), postOversize(2), pause(4_000), deadLettersAtMost(0)),
      ),
      deadLettersAre(2),
      topicSetting("max.message.bytes", "1048588"),
    ),
  },
  {
    id: "F56",
    fault: "Kafka stopped, and the backlog full: events overflow to the outbox on disk",
    quick: true,
    during: "answers",
    edgeEnv: { BACKLOG_EVENTS_MAX: "300" },
    relayEnv: { BACKLOG_EVENTS_MAX: "300" },
    run: killedFor(kafka, 8_000),
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
    run: killedFor(kafka, 15_000),
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
      await kafka(world).kill();
      for (let minute = 0; minute < 6; minute++) {
        await world.sleep(60_000);
        const used = Number(/used_memory:(\d+)/.exec(await withRedis(world, (redis) => redis.info("memory")))?.[1]);
        if (used > 256 * 2 ** 20) throw new Error(`Redis uses ${used} bytes`);
      }
      await kafka(world).restart();
    },
  },
];
