import type { RelayParts } from "../parts.ts";
import type { Restore } from "./restore.ts";

const SWEEP_EVERY_MS = 10_000;
/** A copy is written beside its append, which comes within a second or not at all. */
const OLD_MS = 10_000;

/**
 * Finds copies that nobody removes: of a retry whose event the stream knew already, or of one who died before it could. When all has left
 * the stream that was appended before a moment, what was copied long before that moment and is still there is left over.
 */
export const createSweep = (
  { copies, shardStream, clock }: Pick<RelayParts, "copies" | "shardStream" | "clock">,
  shard: number,
  restore: Restore,
) => {
  let lookedAtMs = clock.monotonicMs();
  let mark: { readonly atMs: number; readonly upTo: string } | null = null;

  /** The copies first: what they stand for was appended by then. */
  const set = async (): Promise<void> => {
    const newest = await copies.newest(shard, OLD_MS);
    if (!newest.ok || newest.value === null) return;
    const stream = await shardStream.oldest(shard);
    if (stream.ok) mark = { atMs: stream.value.nowMs, upTo: newest.value };
  };

  return {
    /** To be called about once a second, one call after the other. */
    look: async (): Promise<void> => {
      if (clock.monotonicMs() - lookedAtMs < SWEEP_EVERY_MS) return;
      lookedAtMs = clock.monotonicMs();
      if (mark === null) return set();
      const stream = await shardStream.oldest(shard);
      if (!stream.ok || (stream.value.oldestAtMs ?? Number.POSITIVE_INFINITY) <= mark.atMs) return;
      restore.sweep(mark.upTo);
      mark = null;
    },
    /** What was looked at may have been appended anew since. */
    forget: (): void => {
      mark = null;
    },
  };
};

export type Sweep = ReturnType<typeof createSweep>;
