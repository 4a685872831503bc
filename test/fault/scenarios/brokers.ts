import { askKafka } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { countTopic } from "../../support/topic.ts";
import { atOnce, broker, type Injection, inTurn, killedFor, pause, relay, secondBroker } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { alarmed, deadLettersAtMost, isUp, ownTopic, topicSetting } from "./kafka.ts";

/** Each partition thrice, acknowledged by two, and none is led by a broker that lacks what was acknowledged. */
const sound = {
  settings: {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "unclean.leader.election.enable": "false",
  },
};

/** The partition that is to lie on the third broker alone. */
const ALONE = 3;
const THIRD = 3;
const STEP_MS = 2_500;

const moved: Injection = async ({ pipeline, services }) => {
  const { topic } = pipeline;
  await askKafka(services.kafka.brokers, async (admin) => {
    const partitionAssignment = [{ partition: ALONE, replicas: [THIRD] }];
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    const isAlone = async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const partition = topics[0]?.partitions.find(({ partitionId }) => partitionId === ALONE);
      return partition?.leader === THIRD && partition.replicas.length === 1;
    };
    await eventually("a partition on one broker alone", isAlone, 20_000);
  });
};

/** When the partition had no leader, by the clock of this machine, which is the brokers'. */
const createOutage = () => {
  let fromMs = 0;
  let toMs = 0;
  return {
    during:
      (injection: Injection): Injection =>
      async (world) => {
        fromMs = Date.now();
        await injection(world);
        toMs = Date.now();
      },
    /** To each of the others records are appended all the time, to the last seconds, and to it none. */
    check: async ({ pipeline }: FaultWorld): Promise<void> => {
      const records = await pipeline.read();
      for (const partition of new Set(records.map((record) => record.partition)))
        for (let at = fromMs; at + STEP_MS <= toMs; at += STEP_MS) {
          const appended = records.filter(
            (each) => each.partition === partition && each.timestampMs >= at && each.timestampMs < at + STEP_MS,
          );
          if (partition === ALONE && appended.length > 0) throw new Error("a partition without a leader took records");
          if (partition !== ALONE && appended.length === 0)
            throw new Error(
              `partition ${partition} stood still ${at - fromMs} ms into the time without a leader of ${ALONE}`,
            );
        }
    },
  };
};

const withoutLeader = (): Pick<Scenario, "during" | "own" | "run" | "check"> => {
  const outage = createOutage();
  return {
    during: "answers",
    own: { brokers: sound },
    run: inTurn(
      topicSetting("message.timestamp.type", "LogAppendTime"),
      moved,
      async (world) => {
        // Kafka 4 leaves one that was killed −9 without a leader until an operator says that it may be unclean.
        await broker(world).kill("SIGTERM");
        // What knew the leaders of before is gone, and the lease of it expires.
        await inTurn(killedFor(relay, 0), pause(8_000), outage.during(pause(10_000)))(world);
        await broker(world).restart();
      },
      isUp,
    ),
    check: (world) => atOnce(outage.check, deadLettersAtMost(0))(world),
  };
};

/** Enough brokers for a record are there to lead, and not enough to acknowledge it. */
const nothingIsAppended =
  (ms: number): Injection =>
  async ({ pipeline, sleep }) => {
    const { topic, addresses } = pipeline;
    // The one that is left becomes the leader of every partition a moment after the alarm. Not asked by counting: an answer of
    // kafkajs without a leader is a rejection that nobody can catch, and ended the whole run.
    const isLed = async () => {
      const { topics } = await askKafka(addresses.brokers, (admin) => admin.fetchTopicMetadata({ topics: [topic] }));
      return topics[0]?.partitions.every(({ leader }) => leader >= 0);
    };
    await eventually("a leader of every partition", isLed);
    const before = await countTopic(addresses.brokers, topic);
    await sleep(ms);
    const more = (await countTopic(addresses.brokers, topic)) - before;
    if (more > 0) throw new Error(`${more} records with one replica in sync`);
  };

const whileTwoAreGone =
  (injection: Injection): Injection =>
  async (world) => {
    const gone = [secondBroker(world), broker(world)];
    await Promise.all(gone.map((each) => each.kill()));
    await injection(world);
    await Promise.all(gone.map((each) => each.restart()));
  };

export const brokersScenarios: readonly Scenario[] = [
  {
    id: "F45",
    fault: "three brokers, two must have each record: one of them killed −9, back after 10 s",
    during: "answers",
    own: { brokers: sound },
    run: inTurn(killedFor(broker, 10_000), isUp),
    check: deadLettersAtMost(0),
  },
  {
    id: "F45b",
    fault: "two of three brokers killed −9 for 15 s (NOT_ENOUGH_REPLICAS): hold and alarm, no dead letters",
    during: "answers",
    // The one that stays is the controller: it takes the others out of the partitions' replicas in sync.
    own: { brokers: { ...sound, controllers: 1 } },
    run: inTurn(whileTwoAreGone(inTurn(alarmed(ownTopic), nothingIsAppended(8_000))), isUp),
    check: deadLettersAtMost(0),
  },
  {
    id: "F45c",
    fault: "two of three brokers killed −9 for 15 s, and with them the majority of the controllers: hold and alarm",
    during: "answers",
    own: { brokers: sound },
    run: inTurn(whileTwoAreGone(inTurn(alarmed(ownTopic), pause(8_000))), isUp),
    check: deadLettersAtMost(0),
  },
  {
    id: "F45d",
    fault: "a partition without a leader for 20 s, its only broker told to end, and a new relay: the others go on",
    ...withoutLeader(),
  },
];
