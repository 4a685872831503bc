import type { Chunk, OutboxRow, Platform } from "@spillway/event";
import { readChunk, Unreadable } from "./undecodable.ts";

/** Rows that enter the stream in one append. */
export type ReadableRows = { readonly rows: readonly OutboxRow[]; readonly chunks: readonly Chunk[] };
/** One that nobody can read, and the reason. */
export type UnreadableRow = { readonly row: OutboxRow; readonly why: Unreadable };

const APPEND_BYTES_MAX = 512 * 1024;

/** In the order of the rows. A row above the limits is alone. */
export const groupsOf = (
  rows: readonly OutboxRow[],
  eventsMax: number,
  platform: Platform,
): readonly (ReadableRows | UnreadableRow)[] => {
  const groups: (ReadableRows | UnreadableRow)[] = [];
  let open: { readonly rows: OutboxRow[]; readonly chunks: Chunk[] } | null = null;
  let events = 0;
  let bytes = 0;
  for (const row of rows) {
    const chunk = readChunk(row.chunk, platform);
    if (chunk instanceof Unreadable) {
      open = null;
      groups.push({ row, why: chunk });
      continue;
    }
    events += chunk.events.length;
    bytes += row.chunk.length;
    if (open === null || events > eventsMax || bytes > APPEND_BYTES_MAX) {
      open = { rows: [], chunks: [] };
      groups.push(open);
      events = chunk.events.length;
      bytes = row.chunk.length;
    }
    open.rows.push(row);
    open.chunks.push(chunk);
  }
  return groups;
};
