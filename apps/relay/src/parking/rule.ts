import type { Stillness } from "../partition/lane-mode.ts";
import type { Topics } from "../partition/topics.ts";
import type { RelayParts } from "../parts.ts";

/** What holds up its whole shard has so long, at most: a leader that moves takes less. */
const IN_THE_WAY_MS = 1_000;
/** Kafka was asked, and answered nobody. */
const UNREACHED_MS = 2_000;

/** When a topic is to be parked. It costs Postgres a row an event, so not where nothing is won by it. */
export const createParkingRule = (
  { sink, clock, parkAfterMs, topicNames }: RelayParts,
  topics: Topics,
  isParked: (topic: string) => boolean,
) => {
  let unreachedAtMs = Number.NEGATIVE_INFINITY;

  /** Where no other topic could go on, the stream keeps the events as well. */
  const holdsUpOthers = (topic: string): boolean =>
    topicNames.some((name) => name !== topic && !isParked(name) && topics.stillnessOf(name) === null);

  /** Of a Kafka that nobody reaches no topic is to blame. */
  const isReached = async (): Promise<boolean> => {
    if (clock.monotonicMs() - unreachedAtMs < UNREACHED_MS) return false;
    const { status, isReached } = await sink.health();
    if (status === "up" || isReached === true) return true;
    unreachedAtMs = clock.monotonicMs();
    return false;
  };

  return {
    mayPark: async (topic: string, { sinceMs }: Stillness, isInTheWay: boolean): Promise<boolean> => {
      const patienceMs = isInTheWay ? Math.min(IN_THE_WAY_MS, parkAfterMs) : parkAfterMs;
      const isDue = clock.monotonicMs() - sinceMs >= patienceMs;
      return isDue && holdsUpOthers(topic) && (await isReached());
    },
  };
};
