import type { Appended, Clock, OutboxTier, ShardChunk, StreamTier, Tier } from "@spillway/event";

/**
 * What happens to the calls of a tier from now on.
 *
 * - `pass`: they go through.
 * - `freeze`: nothing is written, and the answer at the deadline is `timeout`.
 * - `lose_replies`: written, but the answer at the deadline is `timeout`.
 * - `hang`: no answer, ever.
 * - `reject`: the promise rejects, as no tier should.
 */
export type Obstruction = "pass" | "freeze" | "lose_replies" | "hang" | "reject";

/** A tier behind a network that a test can break. */
export const obstructed = <T extends StreamTier | OutboxTier>(tier: T, clock: Clock) => {
  const calls: (readonly ShardChunk[])[] = [];
  let obstruction: Obstruction = "pass";
  let delayMs = 0;

  const append = async (chunks: readonly ShardChunk[], deadlineMs: number): Promise<readonly Appended[]> => {
    calls.push(chunks);
    if (obstruction === "hang") return new Promise(() => undefined);
    if (obstruction === "reject") throw new Error("a bug");
    if (obstruction !== "pass") {
      if (obstruction === "lose_replies") await tier.append(chunks, deadlineMs);
      await clock.sleep(deadlineMs);
      return chunks.map(() => ({ kind: "retriable", code: "timeout" }));
    }
    if (delayMs > 0) await clock.sleep(delayMs);
    return tier.append(chunks, deadlineMs);
  };

  /** Answers which shards were to be diverted, each time. */
  const diverts: (readonly number[])[] = [];
  const divert: StreamTier["divert"] = async (shards, deadlineMs) => {
    diverts.push(shards);
    if (obstruction === "pass" && "divert" in tier) return tier.divert(shards, deadlineMs);
    if (obstruction === "hang") return new Promise(() => undefined);
    if (obstruction === "reject") throw new Error("a bug");
    await clock.sleep(deadlineMs);
    return "timeout";
  };

  const healthAskedAtMs: number[] = [];
  const health: Tier["health"] = async (deadlineMs) => {
    healthAskedAtMs.push(clock.monotonicMs());
    if (obstruction === "pass") return tier.health(deadlineMs);
    await clock.sleep(deadlineMs);
    return { status: "down", warnings: [], promise: null };
  };

  /** The answer is as old as its way back is long: long enough for an insert to begin and end meanwhile. */
  const occupied = async (shards: readonly number[], deadlineMs: number): Promise<readonly number[]> => {
    if (!("occupied" in tier)) return [];
    const answer = await tier.occupied(shards, deadlineMs);
    if (delayMs > 0) await clock.sleep(delayMs * 3);
    return answer;
  };

  return {
    tier: "occupied" in tier ? { ...tier, append, health, occupied } : { ...tier, append, health, divert },
    /** Every append so far, as it was asked for. */
    calls,
    diverts,
    /** When it was asked for its health. */
    healthAskedAtMs,
    obstruct: (next: Obstruction): void => {
      obstruction = next;
    },
    /** Time that a call takes when it passes; 0 by default. */
    delay: (ms: number): void => {
      delayMs = ms;
    },
  };
};
