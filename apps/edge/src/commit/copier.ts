import { type Appended, type Clock, late, type ShardChunk, within } from "@spillway/event";
import { GRACE_MS, type GuardedTier } from "./guarded-tier.ts";

/** A chunk that waits for its copy, until when, and who is told. */
type Request = { readonly chunk: ShardChunk; readonly untilMs: number; readonly answer: (copied: Appended) => void };

/** With less than this left an insert would only be a timeout. */
const LEAST_MS = GRACE_MS + 100;

const notCopied: Appended = { kind: "retriable", code: "copies_unavailable" };

/**
 * Copies chunks beside their appends, in groups of their own: what comes while an insert is under way goes with the next one. An append
 * never waits for it; only the events of a copied chunk wait for both, each until its own time ends, whoever else's insert lasts.
 */
export const createCopier = ({ clock, copies }: { readonly clock: Clock; readonly copies: GuardedTier }) => {
  let waiting: Request[] = [];
  let isInserting = false;

  /** As long as the last of them waits: who has less time has gone by then, and another's breaker is not opened by it. */
  const insert = async (requests: readonly Request[]): Promise<void> => {
    const untilMs = Math.max(...requests.map((request) => request.untilMs));
    const chunks = requests.map(({ chunk }) => chunk);
    const mayTry = copies.isUp() && untilMs - clock.monotonicMs() >= LEAST_MS;
    const answers = mayTry ? await copies.append(chunks, untilMs) : [];
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

  const copy = async (chunk: ShardChunk, untilMs: number): Promise<Appended> => {
    const copied = new Promise<Appended>((answer) => void waiting.push({ chunk, untilMs, answer }));
    const answer = await within(clock, untilMs - clock.monotonicMs(), copied);
    if (answer !== late) return answer;
    waiting = waiting.filter((request) => request.chunk !== chunk);
    return notCopied;
  };

  return {
    /** At most one chunk of a shard at a time. An answer for each, when the clock says `untilMs` at the latest. */
    copy: (chunks: readonly ShardChunk[], untilMs: number): readonly Promise<Appended>[] => {
      const copied = chunks.map((chunk) => copy(chunk, untilMs));
      if (!isInserting) void insertAll();
      return copied;
    },
  };
};
