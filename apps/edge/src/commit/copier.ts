import type { Appended, Clock, ShardChunk } from "@spillway/event";
import type { GuardedTier } from "./guarded-tier.ts";

/** A chunk that waits for its copy, until when, and who is told. */
type Request = { readonly chunk: ShardChunk; readonly untilMs: number; readonly answer: (copied: Appended) => void };

const notCopied: Appended = { kind: "retriable", code: "copies_unavailable" };

/**
 * Copies chunks beside their appends, in groups of their own: what comes while an insert is under way goes with the next one. An append
 * never waits for it; only the events of a copied chunk wait for both.
 */
export const createCopier = ({ clock, copies }: { readonly clock: Clock; readonly copies: GuardedTier }) => {
  let waiting: Request[] = [];
  let isInserting = false;

  const insert = async (requests: readonly Request[]): Promise<void> => {
    const leftMs = Math.min(...requests.map(({ untilMs }) => untilMs)) - clock.monotonicMs();
    const chunks = requests.map(({ chunk }) => chunk);
    const answers = copies.isUp() && leftMs > 0 ? await copies.append(chunks, leftMs) : [];
    for (const [i, { answer }] of requests.entries()) answer(answers[i] ?? notCopied);
  };

  const insertAll = async (): Promise<void> => {
    isInserting = true;
    while (waiting.length > 0) {
      const requests = waiting;
      waiting = [];
      await insert(requests);
    }
    isInserting = false;
  };

  return {
    /** At most one chunk of a shard at a time. An answer for each, by then and a little. */
    copy: (chunks: readonly ShardChunk[], withinMs: number): readonly Promise<Appended>[] => {
      const untilMs = clock.monotonicMs() + withinMs;
      const copied = chunks.map(
        (chunk) => new Promise<Appended>((answer) => void waiting.push({ chunk, untilMs, answer })),
      );
      if (!isInserting) void insertAll();
      return copied;
    },
    isBusy: (): boolean => isInserting,
  };
};
