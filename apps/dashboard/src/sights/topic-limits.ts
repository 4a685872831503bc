import { type Clock, late, Unavailable, within } from "@spillway/event";
import type { KafkaReader } from "@spillway/kafka/reader";

/** The largest batch that a topic takes, compressed, or why that is not known. */
export type TopicLimit =
  | { readonly kind: "known"; readonly bytes: number }
  | { readonly kind: "unknown"; readonly why: string };

export type TopicLimits = (topic: string) => Promise<TopicLimit>;

const KEPT_MS = 30_000;
const KEPT_MAX = 100;
/** A page waits no longer: where it is open it is asked for again. */
const WAIT_MS = 300;

type Ports = {
  /** Null: the settings name no brokers. */
  readonly reader: Pick<KafkaReader, "messageBytesMax"> | null;
  readonly clock: Clock;
};

const unknown = (why: string): TopicLimit => ({ kind: "unknown", why });

/** Asks Kafka for each topic once in half a minute, and remembers what it said. */
export const createTopicLimits = ({ reader, clock }: Ports): TopicLimits => {
  const kept = new Map<string, { readonly atMs: number; readonly asked: Promise<TopicLimit> }>();

  const ask = async (from: NonNullable<Ports["reader"]>, topic: string): Promise<TopicLimit> => {
    try {
      return { kind: "known", bytes: await from.messageBytesMax(topic) };
    } catch (error) {
      if (error instanceof Unavailable) return unknown(`Kafka does not say (${error.code})`);
      throw error;
    }
  };

  return async (topic) => {
    if (reader === null) return unknown("KAFKA_BROKERS is not set for the dashboard");
    const last = kept.get(topic);
    const isFresh = last !== undefined && clock.monotonicMs() - last.atMs < KEPT_MS;
    const asked = isFresh ? last.asked : ask(reader, topic);
    if (!isFresh) {
      for (const [oldest] of kept) if (kept.size >= KEPT_MAX) kept.delete(oldest);
      kept.set(topic, { atMs: clock.monotonicMs(), asked });
    }
    const answer = await within(clock, WAIT_MS, asked);
    return answer === late ? unknown("Kafka has not answered yet") : answer;
  };
};
