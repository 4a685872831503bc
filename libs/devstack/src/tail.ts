import { randomUUID } from "node:crypto";
import { askKafka, kafkaClient } from "@spillway/backends";
import { systemClock } from "@spillway/event";
import type { EachMessagePayload } from "kafkajs";

/** A record and its partition. */
export type Arrival = Pick<EachMessagePayload, "partition" | "message">;

type Tailed = {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly onArrival: (arrival: Arrival) => void;
};

const REOPEN_MS = 500;

/** Reads from `positions` on until the consumer fails, and moves them. Throws when it cannot begin. */
const readUntilCrash = async (tail: Tailed, positions: Map<number, string>): Promise<void> => {
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
        tail.onArrival({ partition, message });
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
 * Returns what tells why the last attempt to read could not begin.
 */
export const tailTopic = async (tail: Tailed): Promise<() => string | undefined> => {
  const ends = await askKafka(tail.brokers, (admin) => admin.fetchTopicOffsets(tail.topic));
  const positions = new Map(ends.map(({ partition, high }) => [partition, high]));
  let problem: string | undefined;
  const follow = async () => {
    for (;;) {
      await readUntilCrash(tail, positions).catch((error: Error) => {
        problem = error.message;
      });
      await systemClock.sleep(REOPEN_MS);
    }
  };
  void follow();
  return () => problem;
};
