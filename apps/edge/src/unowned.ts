import { type Clock, Unavailable } from "@spillway/event";

/** Twice the default lease: a takeover takes 1.1 of one. Relays may have longer ones, edges are not told. */
const UNOWNED_MS = 10_000;
/** Who asks us asks each second or so, and a hosted Redis has each question paid for. */
const LOOK_APART_MS = 5_000;

/** Shards that hold events and whose lease nobody has now. Rejects with `Unavailable`. */
export type AskUnowned = (deadlineMs: number) => Promise<readonly number[]>;

/**
 * What is accepted into a shard that no relay owns waits for one, and with every relay gone no relay says so. Since when
 * is known from the looks themselves; who does not answer changes nothing.
 */
export const createUnownedWatch = (clock: Clock, ask: AskUnowned) => {
  let since = new Map<number, number>();
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return async (deadlineMs: number): Promise<readonly string[]> => {
    const nowMs = clock.monotonicMs();
    try {
      if (nowMs - lookedAtMs >= LOOK_APART_MS) {
        lookedAtMs = nowMs;
        since = new Map((await ask(deadlineMs)).map((shard) => [shard, since.get(shard) ?? nowMs]));
      }
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
    const lasting = [...since].filter(([, sinceMs]) => clock.monotonicMs() - sinceMs >= UNOWNED_MS);
    if (lasting.length === 0) return [];
    const shards = lasting.map(([shard]) => shard).join(", ");
    return [`no relay has the lease of shard ${shards}, which holds events: start a relay, or see its /readyz`];
  };
};
