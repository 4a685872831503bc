import {
  type ChunkEvent,
  decodeChunk,
  type LetterSight,
  type OutboxRow,
  type OutboxSight,
  type Platform,
  type Sights,
  UndecodableChunk,
} from "@spillway/event";
import type { KeptLetter, Letters } from "./letters.ts";
import type { Outages } from "./outages.ts";
import type { Outbox } from "./outbox.ts";
import type { ParkedTable } from "./parking.ts";
import type { Streams } from "./streams.ts";

export type SightsWorld = {
  readonly streams: Streams;
  readonly outbox: Outbox;
  readonly parked: ParkedTable;
  readonly letters: Letters;
  readonly outages: Outages;
  readonly platform: Platform;
};

const eventsOf = (chunk: Uint8Array, platform: Platform): readonly ChunkEvent[] => {
  try {
    return decodeChunk(chunk, platform).events;
  } catch (error) {
    if (error instanceof UndecodableChunk) return [];
    throw error;
  }
};

const sightOfLetter = ({ id, replay, replayedBy, deadLetterClass, code, diedAtMs }: KeptLetter): LetterSight => ({
  letter: id,
  replay,
  status: replayedBy === null ? "waiting" : "replayed",
  class: deadLetterClass,
  code,
  diedAtMs,
});

/** Where an event is. */
export const createSights = ({ streams, outbox, parked, letters, outages, platform }: SightsWorld): Sights => {
  const holds = (chunk: Uint8Array, dedupKey: string): boolean =>
    eventsOf(chunk, platform).some((event) => event.dedupKey === dedupKey);
  const sightIn = (
    kind: "outbox" | "copy",
    rows: readonly (OutboxRow & { readonly insertedAtMs: number })[],
    dedupKey: string,
  ): OutboxSight | null => {
    const row = rows.find(({ chunk }) => holds(chunk, dedupKey));
    return row ? { kind, shard: row.shard, row: row.id, sinceMs: row.insertedAtMs } : null;
  };
  return {
    stream: outages.behind("redis", (dedupKey, shards) => streams.find(dedupKey, shards)),
    outbox: outages.behind("postgres", (dedupKey, shards): OutboxSight => {
      const rows = shards.flatMap((shard) => outbox.rows(shard));
      const copies = shards.flatMap((shard) => outbox.copies(shard));
      return sightIn("outbox", rows, dedupKey) ?? sightIn("copy", copies, dedupKey) ?? { kind: "absent" };
    }),
    parked: outages.behind("postgres", (dedupKey) => {
      const found = parked.find(({ chunk }) => holds(chunk, dedupKey));
      return found && { topic: found.topic, sinceMs: found.sinceMs };
    }),
    letter: outages.behind("postgres", (identity, place) => {
      const isOf = (letter: KeptLetter): boolean =>
        letter.identity === null
          ? letter.shard === place?.shard && letter.entry === place.entry
          : letter.identity === identity;
      const last = letters.all().findLast(isOf);
      return last ? sightOfLetter(last) : null;
    }),
  };
};
