import type { Outcome, Sink } from "@spillway/event";
import { isPoison } from "./events.ts";
import type { TopicFault } from "./nemesis.ts";

const decoder = new TextDecoder();

const outcomes: Readonly<Record<TopicFault, Exclude<Outcome, { kind: "ok" }>>> = {
  moved: { kind: "retriable", code: "NOT_LEADER_OR_FOLLOWER" },
  forbidden: { kind: "retriable", code: "TOPIC_AUTHORIZATION_FAILED", pause: true },
  suspicious: { kind: "retriable", code: "UNKNOWN_SERVER_ERROR", attemptsMax: 3 },
};

const POISON: Outcome = { kind: "fatal", code: "INVALID_RECORD", deadLetterClass: "poison" };

/** A broker with opinions: refuses what is poison, and everything while its topics are at fault. */
export const createBroker = (sink: Sink) => {
  let fault: TopicFault | null = null;
  let acceptsPoison = false;
  return {
    sink: {
      ...sink,
      partitions: async (topic) => (fault === "moved" ? outcomes.moved : sink.partitions(topic)),
      publish: async (topic, partition, records) => {
        if (fault) return outcomes[fault];
        const refuses = !acceptsPoison && records.some((record) => isPoison(decoder.decode(record.value)));
        return refuses ? POISON : sink.publish(topic, partition, records);
      },
    } satisfies Sink as Sink,
    fault: (next: TopicFault | null): void => {
      fault = next;
    },
    acceptPoison: (): void => {
      acceptsPoison = true;
    },
  };
};
