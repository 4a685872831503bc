import { createWriters, type Position, type Writers } from "@spillway/event";

/**
 * Who parks, as the accounts know it: for each topic a writer in each shard, since a lot has one put under way, and two lots of a shard may put at
 * the same time. It outlives the terms: what was parked is told as long as this process lives.
 */
export const createParkers = () => {
  const topics = new Map<string, Writers>();
  const all = (): readonly Writers[] => [...topics.values()];
  return {
    of: (topic: string): Writers => {
      const known = topics.get(topic) ?? createWriters();
      topics.set(topic, known);
      return known;
    },
    /** What is to be recorded, as `Writers` has it. */
    known: (): readonly Position[] => all().flatMap((writers) => writers.known()),
    recorded: (positions: readonly Position[]): void => {
      for (const writers of all()) writers.recorded(positions);
    },
  };
};

export type Parkers = ReturnType<typeof createParkers>;
