import type { ParkedTopic } from "@spillway/event";
import type { RelayParts } from "../parts.ts";
import type { OpenShard } from "../shard/open-shards.ts";

const EVERY_MS = 1_000;

/** Asks Postgres once a second what waits in the lots, and under which token they were opened. */
export const createSurvey = (
  { parking, shards, tokens, clock, measures }: RelayParts,
  ours: () => readonly OpenShard[],
) => {
  const last = new Map<number, readonly ParkedTopic[]>();
  let askedAtMs = Number.NEGATIVE_INFINITY;

  /** Of which one is not ours as long as its term ends at once. */
  const all = Array.from({ length: shards }, (_, shard) => shard);

  const show = (shard: number, topics: readonly Pick<ParkedTopic, "topic" | "events" | "bytes">[]): void => {
    for (const { topic, events, bytes } of topics) {
      measures.parkedEvents.set(events, { topic, shard: String(shard) });
      measures.parkedBytes.set(bytes, { topic, shard: String(shard) });
    }
  };

  const look = async (): Promise<void> => {
    const open = ours();
    const nowMs = clock.monotonicMs();
    const answer = await parking.topics(all);
    if (!answer.ok) return;
    askedAtMs = nowMs;
    // A Redis that went back gives smaller ones, under which no lot opens and each term ends at once (simulation, seed 110621).
    for (const { shard, token } of answer.value) tokens.saw(shard, token);
    for (const { term, pump } of open) {
      const { shard } = term.lease;
      const topics = answer.value.filter((topic) => topic.shard === shard);
      last.set(shard, topics);
      show(shard, topics);
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
    /** Whether what is known was asked for after this moment. */
    isAfter: (monotonicMs: number): boolean => askedAtMs >= monotonicMs,
    /** The numbers of a shard that is no longer ours: another relay shows them. */
    clear: (shard: number): void => {
      show(
        shard,
        (last.get(shard) ?? []).map(({ topic }) => ({ topic, events: 0, bytes: 0 })),
      );
      last.delete(shard);
    },
  };
};

export type Survey = ReturnType<typeof createSurvey>;
