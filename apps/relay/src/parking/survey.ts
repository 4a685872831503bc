import type { ParkedTopic } from "@spillway/event";
import type { RelayParts } from "../parts.ts";
import type { OpenShard } from "../shard/open-shards.ts";

const EVERY_MS = 1_000;

/** Asks Postgres once a second what waits in the lots of our shards. */
export const createSurvey = ({ parking, clock, measures }: RelayParts, ours: () => readonly OpenShard[]) => {
  const last = new Map<number, readonly ParkedTopic[]>();

  const look = async (): Promise<void> => {
    const shards = ours();
    if (shards.length === 0) return;
    const answer = await parking.topics(shards.map(({ term }) => term.lease.shard));
    if (!answer.ok) return;
    for (const { term, pump } of shards) {
      const { shard } = term.lease;
      const topics = answer.value.filter((topic) => topic.shard === shard);
      last.set(shard, topics);
      for (const { topic, events } of topics) measures.parkedEvents.set(events, { topic, shard: String(shard) });
      await pump.lots.surveyed(topics);
    }
  };

  return {
    run: async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        await look();
        await clock.sleep(EVERY_MS, signal);
      }
    },
    /** Null: Postgres has not said it yet. */
    of: (shard: number): readonly ParkedTopic[] | null => last.get(shard) ?? null,
    /** The numbers of a shard that is no longer ours: another relay shows them. */
    clear: (shard: number): void => {
      for (const { topic } of last.get(shard) ?? []) measures.parkedEvents.set(0, { topic, shard: String(shard) });
      last.delete(shard);
    },
  };
};

export type Survey = ReturnType<typeof createSurvey>;
