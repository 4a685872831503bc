import type { Outcome, Sink, SinkRecord } from "@spillway/event";
import { isPoison } from "./events.ts";
import type { Standing, TopicFault } from "./nemesis.ts";

const decoder = new TextDecoder();

const outcomes: Readonly<Record<TopicFault | Standing, Exclude<Outcome, { kind: "ok" }>>> = {
  missing: { kind: "retriable", code: "unknown_topic_or_partition", pause: true },
  moved: { kind: "retriable", code: "NOT_LEADER_OR_FOLLOWER" },
  forbidden: { kind: "retriable", code: "TOPIC_AUTHORIZATION_FAILED", pause: true },
  refusing: { kind: "fatal", code: "invalid_record", deadLetterClass: "rejected" },
  suspicious: { kind: "retriable", code: "UNKNOWN_SERVER_ERROR", attemptsMax: 3 },
};

const POISON = { kind: "fatal", code: "invalid_record", deadLetterClass: "poison" } as const;

/** A broker with opinions: refuses what is poison, and everything while its topics are at fault. Some name the records. */
export const createBroker = (sink: Sink, namesRefused: boolean, onRefused: (text: string) => void) => {
  const refusalOf = (records: readonly SinkRecord[]): Outcome | null => {
    const refused = records.flatMap(({ value }, index) => (isPoison(decoder.decode(value)) ? [index] : []));
    if (refused.length === 0) return null;
    for (const index of refused) onRefused(decoder.decode(records[index]?.value));
    return namesRefused ? { ...POISON, refused } : POISON;
  };
  let fault: TopicFault | null = null;
  let acceptsPoison = false;
  /** One topic may be at fault for two reasons at once: it takes nothing until both are over. */
  const standing: { readonly topic: string; readonly why: Standing }[] = [];
  const whyOf = (topic: string): Standing | null => standing.find((one) => one.topic === topic)?.why ?? null;
  return {
    sink: {
      ...sink,
      partitions: async (topic) => {
        const why = whyOf(topic);
        if (why === "missing") return outcomes.missing;
        return fault === "moved" ? outcomes.moved : sink.partitions(topic);
      },
      publish: async (topic, partition, records, mayStart) => {
        if (fault === "refusing" || fault === "suspicious")
          for (const { value } of records) onRefused(decoder.decode(value));
        if (fault) return outcomes[fault];
        const why = whyOf(topic);
        if (why !== null) return outcomes[why];
        const refusal = acceptsPoison ? null : refusalOf(records);
        return refusal ?? sink.publish(topic, partition, records, mayStart);
      },
    } satisfies Sink as Sink,
    fault: (next: TopicFault | null): void => {
      fault = next;
    },
    /** Answers what ends it. */
    stand: (topic: string, why: Standing): (() => void) => {
      const one = { topic, why };
      standing.push(one);
      return () => void standing.splice(standing.indexOf(one), 1);
    },
    acceptPoison: (): void => {
      acceptsPoison = true;
    },
  };
};
