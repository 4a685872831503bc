import {
  copyKeyOf,
  dedupKeysOf,
  encodeChunk,
  type Keyed,
  mergeChunks,
  type Platform,
  type ShardChunk,
} from "@spillway/event";
import type { ReadableRows } from "./row-groups.ts";

/** What enters the stream in one append: the row's own bytes where there is one, else all of them in one. */
export const chunkOf = ({ rows, chunks }: ReadableRows, shard: number, platform: Platform): ShardChunk => {
  const merged = mergeChunks(chunks);
  const { events } = merged;
  const [first, second] = rows;
  const chunk = first && !second ? first.chunk : encodeChunk(merged, platform);
  return { shard, chunk, events: events.length, dedupKeys: dedupKeysOf(events) };
};

/**
 * Of which chunk in the stream each row is a copy, once `chunk` was appended: of that one, if all of its events came with it; else of
 * its own, which may be there from an earlier attempt. Where it is not, nobody's settling removes the copy, and the sweep does.
 */
export const keyedRows = (
  { rows, chunks }: ReadableRows,
  chunk: Uint8Array,
  duplicates: readonly number[],
): Keyed[] => {
  const known = new Set(duplicates);
  const key = copyKeyOf(chunk);
  let at = 0;
  return rows.flatMap(({ id, chunk: own }, i) => {
    const indexes = Array.from({ length: chunks[i]?.events.length ?? 0 }, () => at++);
    const keyed = indexes.some((index) => known.has(index)) ? copyKeyOf(own) : key;
    return keyed === null ? [] : [{ id, key: keyed }];
  });
};
