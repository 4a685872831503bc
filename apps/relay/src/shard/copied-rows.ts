import {
  copyKeyOf,
  dedupKeysOf,
  encodeChunk,
  type Keyed,
  mergeChunks,
  type Platform,
  type ShardChunk,
  type Total,
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
 * its own, which may be there from an earlier attempt. Where it is not, nobody's settling removes the copy, and the sweep does. And under
 * which numbers, if any of its events was new: the last ones below `total` are those of the new events, in their order.
 */
export const keyedRows = (
  { rows, chunks }: ReadableRows,
  chunk: ShardChunk,
  duplicates: readonly number[],
  total: Total | undefined,
): Keyed[] => {
  const known = new Set(duplicates);
  const key = copyKeyOf(chunk.chunk);
  const [writer = "", below = 0] = total ?? [];
  let at = 0;
  let next = below - (chunk.events - known.size);
  return rows.flatMap(({ id, shard, chunk: own }, i) => {
    const indexes = Array.from({ length: chunks[i]?.events.length ?? 0 }, () => at++);
    const fresh = indexes.filter((index) => !known.has(index)).length;
    const numbers = [next, next + fresh] as const;
    next += fresh;
    const keyed = fresh < indexes.length ? copyKeyOf(own) : key;
    if (keyed === null) return [];
    return [{ id, shard, key: keyed, ...(total && fresh > 0 ? { named: { writer, numbers } } : {}) }];
  });
};
