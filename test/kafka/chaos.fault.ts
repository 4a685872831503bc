import { type KafkaCluster, startKafkaCluster } from "@spillway/backends";
import { type Sink, type SinkRecord, systemClock } from "@spillway/event";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import { Kafka, logLevel } from "kafkajs";
import { createRandom, type Random } from "../simulation/random.ts";
import { readPartition } from "./kcat.ts";

/*
 * Three brokers (replication 3, min.insync.replicas 2) whose leaders are moved, killed and frozen under load, and the
 * sink publishing into them, one publish in flight per partition as the relay does. Run alone:
 *   bun test/kafka/chaos.fault.ts [seed] [rounds]
 */

const TOPIC = "chaos-events";
const PARTITIONS = 12;
const KEYS_PER_PARTITION = 5;
const BATCH = 20;
const BACKOFF_MAX_MS = 1_000;

/** One partition under load: what was confirmed in it, and the longest time in which nothing was. */
type Lane = { readonly partition: number; confirmed: number; dead: number; stallMs: number };

const recordsFrom = (partition: number, from: number): SinkRecord[] =>
  Array.from({ length: BATCH }, (_, i) => {
    const key = `key-${partition}-${(from + i) % KEYS_PER_PARTITION}`;
    return { key, value: Buffer.from(`${key}:${from + i}`), headers: { n: String(from + i) }, timestampMs: Date.now() };
  });

const publishUntilOk = async (sink: Sink, topic: string, lane: Lane, records: readonly SinkRecord[]) => {
  for (let backoffMs = 50; ; backoffMs = Math.min(BACKOFF_MAX_MS, backoffMs * 2)) {
    const outcome = await sink.publish(topic, lane.partition, records, () => true);
    if (outcome.kind === "ok") return;
    if (outcome.kind === "fatal") {
      lane.dead += records.length;
      return;
    }
    await systemClock.sleep(backoffMs);
  }
};

const runLane = async (sink: Sink, topic: string, lane: Lane, until: AbortSignal) => {
  for (let confirmedAt = performance.now(); !until.aborted; ) {
    await publishUntilOk(sink, topic, lane, recordsFrom(lane.partition, lane.confirmed));
    lane.confirmed += BATCH;
    lane.stallMs = Math.max(lane.stallMs, performance.now() - confirmedAt);
    confirmedAt = performance.now();
    await systemClock.sleep(2);
  }
};

type Fault = (cluster: KafkaCluster, random: Random) => Promise<void>;

/** One node meets these in turn; a number is a pause in ms. */
const atOneNode =
  (...steps: readonly (NodeJS.Signals | "restart" | number)[]): Fault =>
  async (cluster, random) => {
    const node = random.pick(cluster.nodes);
    for (const step of steps) {
      if (typeof step === "number") await systemClock.sleep(step);
      else await (step === "restart" ? node.restart() : node.kill(step));
    }
  };

/** Gives about half of the partitions another preferred leader; the controller elects it within a second. */
const moveLeaders: Fault = async (cluster, random) => {
  const kafka = new Kafka({ clientId: "chaos", brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const partitionAssignment = Array.from({ length: PARTITIONS }, (_, partition) => {
      const first = 1 + random.below(3);
      return { partition, replicas: [first, (first % 3) + 1, ((first + 1) % 3) + 1] };
    });
    await admin.alterPartitionReassignments({ topics: [{ topic: TOPIC, partitionAssignment }] });
    await systemClock.sleep(2_500);
  } finally {
    await admin.disconnect();
  }
};

const faults: readonly (readonly [name: string, fault: Fault])[] = [
  ["leaders move", moveLeaders],
  ["kill -9", atOneNode("SIGKILL", 3_000, "restart")],
  ["leaders move again", moveLeaders],
  ["freeze for less than the session", atOneNode("SIGSTOP", 1_500, "SIGCONT")],
  ["freeze for longer than a request", atOneNode("SIGSTOP", 15_000, "SIGCONT")],
  ["orderly restart", atOneNode("SIGTERM", "restart")],
  ["kill -9 and back at once", atOneNode("SIGKILL", "restart")],
];

const nothing = { relayed: 0, lost: 0, unexpected: 0, corrupted: 0, duplicates: 0, inversions: 0 };
type Found = typeof nothing;

/** Compares what a partition holds with what was confirmed in it, and adds that to what was found in the others. */
const checkPartition = async (brokers: readonly string[], topic: string, lane: Lane, found: Found): Promise<void> => {
  const seen = new Set<number>();
  const newest = new Map<string, number>();
  for (const record of await readPartition(brokers, topic, lane.partition)) {
    const [key = "", number = ""] = record.value.toString().split(":");
    const at = Number(number);
    if (
      record.key !== key ||
      record.headers.n !== number ||
      key !== `key-${lane.partition}-${at % KEYS_PER_PARTITION}`
    ) {
      found.corrupted++;
    } else if (seen.has(at)) found.duplicates++;
    else {
      seen.add(at);
      if (at >= lane.confirmed) found.unexpected++;
      if (at < (newest.get(key) ?? -1)) found.inversions++;
      newest.set(key, Math.max(at, newest.get(key) ?? -1));
    }
  }
  found.relayed += seen.size;
  for (let at = 0; at < lane.confirmed; at++) if (!seen.has(at)) found.lost++;
};

const check = async (brokers: readonly string[], lanes: readonly Lane[], seed: number) => {
  const found = { ...nothing };
  for (const lane of lanes) await checkPartition(brokers, TOPIC, lane, found);
  const row = {
    scenario: "kafka cluster chaos",
    accepted: lanes.reduce((total, lane) => total + lane.confirmed, 0),
    dead: lanes.reduce((total, lane) => total + lane.dead, 0),
    ...found,
    recoveryMs: Math.round(Math.max(...lanes.map((lane) => lane.stallMs))),
    seed,
  };
  const broken = row.dead + row.lost + row.unexpected + row.corrupted + row.inversions;
  return { ...row, passed: broken === 0 && row.accepted > 0 };
};

const injectFaults = async (cluster: KafkaCluster, seed: number, rounds: number): Promise<void> => {
  const random = createRandom(seed);
  for (let round = 0; round < rounds; round++) {
    for (const [name, fault] of faults) {
      console.info(`round ${round + 1} of ${rounds}: ${name}`);
      await fault(cluster, random);
      await systemClock.sleep(3_000);
    }
  }
};

/** About a minute and a half a round. */
const runKafkaChaos = async (seed: number, rounds: number) => {
  const cluster = await startKafkaCluster({
    settings: { "leader.imbalance.check.interval.seconds": "1", "leader.imbalance.per.broker.percentage": "0" },
    topics: [{ name: TOPIC, partitions: PARTITIONS }],
  });
  try {
    const done = new AbortController();
    const sink = createKafkajsSink({ connection: { brokers: cluster.brokers, clientId: "chaos" } });
    const lanes = Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      confirmed: 0,
      dead: 0,
      stallMs: 0,
    }));
    const running = Promise.all(lanes.map((lane) => runLane(sink, TOPIC, lane, done.signal)));
    await injectFaults(cluster, seed, rounds);
    done.abort();
    await running;
    await sink.close();
    return await check(cluster.brokers, lanes, seed);
  } finally {
    await cluster.stop();
  }
};

if (import.meta.main) {
  const [seed = String(Date.now() % 2 ** 31), rounds = "1"] = process.argv.slice(2);
  const row = await runKafkaChaos(Number(seed), Number(rounds));
  console.table([row]);
  process.exit(row.passed ? 0 : 1);
}
