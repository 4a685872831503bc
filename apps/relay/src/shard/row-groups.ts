import type { Chunk, Copy, OutboxRow, Platform, RowRun } from "@spillway/event";
import { readChunk, Unreadable } from "./undecodable.ts";

/** A row of the outbox, or of the copies. */
export type ChunkRow = OutboxRow | Copy;

/** Rows that enter the stream in one append. */
export type ReadableRows = { readonly rows: readonly ChunkRow[]; readonly chunks: readonly Chunk[] };
/** One that nobody can read, and the reason. */
export type UnreadableRow = { readonly row: ChunkRow; readonly why: Unreadable };

const APPEND_BYTES_MAX = 512 * 1024;

/** In the order of the rows. A row above the limits is alone, and those that are to be copied are apart. */
export const groupsOf = (
  rows: readonly ChunkRow[],
  eventsMax: number,
  platform: Platform,
): readonly (ReadableRows | UnreadableRow)[] => {
  const groups: (ReadableRows | UnreadableRow)[] = [];
  let open: { readonly rows: ChunkRow[]; readonly chunks: Chunk[] } | null = null;
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
    const isOther = open !== null && open.chunks[0]?.copied !== chunk.copied;
    if (open === null || isOther || events > eventsMax || bytes > APPEND_BYTES_MAX) {
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

/** Whose rows they are, in the order of their events; none where all are nobody's. */
export const runsOf = ({ rows, chunks }: ReadableRows): readonly RowRun[] => {
  const runs: RowRun[] = [];
  for (const [i, row] of rows.entries()) {
    const events = chunks[i]?.events.length ?? 0;
    const [writer, total] = ("putBy" in row ? row.putBy : null) ?? [null, 0];
    const last = runs.at(-1);
    const isNext = last?.[0] === writer && (writer === null || last[1] + events === total);
    if (isNext) runs.pop();
    runs.push([writer, total, events + (isNext ? last[2] : 0)]);
  }
  return runs.some(([writer]) => writer !== null) ? runs : [];
};
