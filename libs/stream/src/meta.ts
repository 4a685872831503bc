import { Unavailable } from "@spillway/event";
import { metaKey } from "./keys.ts";

/**
 * Whether this process may run with its number of shards.
 * `disagreed` is final: `reason` is a sentence for the operator. `unknown`: Redis did not answer; ask again.
 */
export type ShardsAgreement =
  | { readonly kind: "agreed" }
  | { readonly kind: "disagreed"; readonly recorded: number; readonly reason: string }
  | { readonly kind: "unknown"; readonly code: string };

export const SHARDS_FIELD = "shards";

/** What a process with another number than the recorded one prints before it stops. */
const refusal = (namespace: string, recorded: number, shards: number): string =>
  `SHARDS is ${shards}, but this Redis was set up with ${recorded}, and the order of a key and its dedup keys live in its shard. ` +
  `Set SHARDS=${recorded}; or reshard: stop every edge, wait until the relays have emptied every shard and the outbox, ` +
  `stop the relays, run "redis-cli HDEL ${metaKey(namespace)} ${SHARDS_FIELD}", and start all with the new number.`;

/** An agreement that Redis did not answer is unknown. */
export const orUnknown = async (asked: Promise<ShardsAgreement>): Promise<ShardsAgreement> => {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Unavailable) return { kind: "unknown", code: error.code };
    throw error;
  }
};

/** Judges what Redis answered after it was asked to record `shards` unless a number was there. */
export const judgeShards = (namespace: string, recorded: unknown, shards: number): ShardsAgreement => {
  const number = Number(recorded);
  if (typeof recorded !== "string" || !Number.isSafeInteger(number) || number < 1) {
    return { kind: "unknown", code: "odd_reply" };
  }
  if (number === shards) return { kind: "agreed" };
  return { kind: "disagreed", recorded: number, reason: refusal(namespace, number, shards) };
};
