import { encodeChunk } from "./chunk.ts";
import type { DeadLetter, LetterRefusal, LetterStatus } from "./dead-letters.ts";
import { DIGEST96_LENGTH, type Platform } from "./platform.ts";
import { dedupKeyOf } from "./seal.ts";
import { shardOf } from "./shard.ts";
import type { ShardChunk } from "./tier.ts";

/** Of a dead letter what its next life needs. */
export type Replayable = Pick<
  DeadLetter,
  "type" | "partitionKey" | "traceparent" | "tracestate" | "replay" | "bytes"
> & {
  readonly identity: string;
};

/** A dead letter's event once more, as a chunk of its own: the same event with the next replay number, beside its key's others. */
export const replayChunk = (
  letter: Replayable,
  receivedAtMs: number,
  shards: number,
  platform: Platform,
): ShardChunk => {
  const { identity, partitionKey, traceparent, tracestate, bytes } = letter;
  const replay = letter.replay + 1;
  const dedupKey = dedupKeyOf(identity, replay, platform);
  const trace = tracestate === undefined ? { traceparent } : { traceparent, tracestate };
  const event = { identity, dedupKey, type: letter.type ?? "", partitionKey, ...trace, replay, bytes };
  return {
    shard: shardOf(partitionKey ?? identity, shards),
    chunk: encodeChunk({ receivedAtMs, events: [event] }, platform),
    events: 1,
    dedupKeys: dedupKey,
  };
};

/** How often one event is replayed, unless told otherwise. */
export const REPLAYS_MAX = 5;

const details: Readonly<Record<LetterStatus | "not_found", string>> = {
  not_found: "there is no dead letter of this id",
  waiting: "it is waiting, neither replayed nor discarded",
  replayed: "it was replayed before; if it died again it has a new dead letter",
  discarded: "it was discarded; restore it first",
};

export const refuseLetter = (id: string, code: LetterStatus | "not_found"): LetterRefusal => ({
  id,
  code,
  detail: details[code],
});

/** Of a letter what tells whether it can be replayed. */
export type ReplayCandidate = Pick<DeadLetter, "index" | "replay" | "identity"> & {
  readonly id: string;
  readonly status: LetterStatus;
  /** Null beyond what one call may read. */
  readonly bytes: Uint8Array | null;
};

/** Why a letter cannot be replayed, or null. */
export const replayRefusalOf = (letter: ReplayCandidate, replaysMax: number): LetterRefusal | null => {
  const { id, status, index, replay, identity, bytes } = letter;
  if (status !== "waiting") return refuseLetter(id, status);
  if (index < 0)
    return { id, code: "undecodable", detail: "its chunk could not be decoded, so there is no event to send" };
  if (replay >= replaysMax)
    return {
      id,
      code: "replayed_too_often",
      detail: `replayed ${replay} times and died each time; the limit is ${replaysMax}`,
    };
  // Of another length it would be a chunk that does not decode: the letter would leave, and die again without its event.
  if (identity?.length !== DIGEST96_LENGTH)
    return { id, code: "no_identity", detail: "its bytes do not tell the event's source and id" };
  if (bytes === null)
    return { id, code: "batch_too_large", detail: "too many bytes for one call; replay it in the next" };
  return null;
};
