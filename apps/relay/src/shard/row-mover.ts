import { dedupKeysOf, encodeChunk, mergeChunks, type OutboxRow } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";
import { groupsOf, type ReadableRows, type UnreadableRow } from "./row-groups.ts";
import { undecodableLetter } from "./undecodable.ts";

export type RowMoverOptions = RelayParts & {
  readonly term: Term;
  readonly isGoing: () => boolean;
  /** Nothing moved, and why. */
  readonly stand: (code: string) => void;
  readonly moved: () => void;
};

type Moved = "moved" | "full" | "stopped" | "unavailable";

/** Brings rows of the outbox into the stream, and answers how many of the first ones it did. */
export const createRowMover = (options: RowMoverOptions): ((rows: readonly OutboxRow[]) => Promise<number>) => {
  const { term, shardStream, deadLetters, platform, log, measures, drainEventsMax, isGoing, stand, moved } = options;
  const { lease } = term;
  const { shard } = lease;

  /** A row that nobody can read must not hold up the others for ever. */
  const bury = async ({ row, why }: UnreadableRow): Promise<Moved> => {
    const place = { shard, entry: `outbox/${row.id}`, events: row.events };
    const answer = await deadLetters.put([undecodableLetter(place, row.chunk, why)]);
    if (!answer.ok) return "unavailable";
    log("error", "outbox-row.undecodable", { shard, row: row.id, events: row.events, ...why });
    measures.deadLetters.add(row.events, { class: "undecodable" });
    return "moved";
  };

  const append = async ({ rows, chunks }: ReadableRows): Promise<Moved> => {
    if (!isGoing()) return "stopped";
    const merged = mergeChunks(chunks);
    const { events } = merged;
    const [first, second] = rows;
    const chunk = first && !second ? first.chunk : encodeChunk(merged, platform);
    const dedupKeys = dedupKeysOf(events);
    const answer = await shardStream.append(lease, { shard, chunk, events: events.length, dedupKeys });
    if (!answer.ok) return "unavailable";
    if (answer.value.kind === "fenced") term.end("fenced");
    if (answer.value.kind === "ok") return "moved";
    return answer.value.kind === "full" ? "full" : "unavailable";
  };

  /**
   * One group after the other: a row behind a refused one must not get in, and with several under way it could, since a
   * smaller one still fits where a larger one did not. Grouped, since an append costs Redis an fsync and its relay a
   * read: 24,000 rows of one event took 75 s one by one on a busy machine.
   */
  return async (rows) => {
    let count = 0;
    for (const group of groupsOf(rows, drainEventsMax, platform)) {
      const came = await ("why" in group ? bury(group) : append(group));
      if (came !== "moved") {
        if (count === 0) stand(came);
        break;
      }
      count += "why" in group ? 1 : group.rows.length;
      moved();
    }
    measures.drainedRows.add(count, { shard: String(shard) });
    return count;
  };
};
