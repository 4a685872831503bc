import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { askKafka, kafkaClient } from "@spillway/backends";
import type { KafkaMessage } from "kafkajs";

export type Arrival = {
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly value: Buffer;
};

export type TailOptions = {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly onArrival: (arrival: Arrival) => void;
};

export type Tail = {
  /** Why the last attempt to read could not begin. */
  problem(): string | undefined;
};

const arrivalOf = (partition: number, message: KafkaMessage): Arrival => ({
  partition,
  offset: message.offset,
  key: message.key?.toString() ?? null,
  value: message.value ?? Buffer.from(""),
});

const REOPEN_MS = 500;

/** Reads from `positions` on until the consumer fails, and moves them. Throws when it cannot begin. */
const readUntilCrash = async (tail: TailOptions, positions: Map<number, string>): Promise<void> => {
  const client = kafkaClient(tail.brokers, { retries: 2, restartOnFailure: async () => false });
  // A new group each time: one whose only member was cut off makes the next member wait for its session to end.
  const consumer = client.consumer({ groupId: `spillway-tail-${randomUUID()}`, maxWaitTimeInMs: 300 });
  const crashed = new Promise<void>((resolve) => void consumer.on(consumer.events.CRASH, () => resolve()));
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: tail.topic });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        positions.set(partition, String(BigInt(message.offset) + 1n));
        tail.onArrival(arrivalOf(partition, message));
      },
    });
    for (const [partition, offset] of positions) consumer.seek({ topic: tail.topic, partition, offset });
    await crashed;
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
};

/**
 * Calls `onArrival` for every record that reaches the topic from now on, with a Kafka client that is not the relay's,
 * through every restart of the broker until this process ends (kafkajs's own recovery gave up on one that was away for nine seconds). "Now" is
 * read before the consumer starts: one that starts at the latest offset misses what comes while it joins.
 */
export const tailTopic = async (tail: TailOptions): Promise<Tail> => {
  const ends = await askKafka(tail.brokers, (admin) => admin.fetchTopicOffsets(tail.topic));
  const positions = new Map(ends.map(({ partition, high }) => [partition, high]));
  let problem: string | undefined;
  const follow = async () => {
    for (;;) {
      await readUntilCrash(tail, positions).catch((error: Error) => {
        problem = error.message;
      });
      await sleep(REOPEN_MS);
    }
  };
  void follow();
  return { problem: () => problem };
};
