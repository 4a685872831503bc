import type { OutboxRow, Total } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";
import { createAccountedAppend } from "./accounted-append.ts";
import { chunkOf, keyedRows } from "./copied-rows.ts";
import { createNaming, type NamingOptions } from "./naming.ts";
import { createRowBurial } from "./row-burial.ts";
import { groupsOf, type ReadableRows, runsOf } from "./row-groups.ts";
import { tracedMove } from "./traced-move.ts";

export type RowMoverOptions = RelayParts &
  NamingOptions & {
    readonly term: Term;
    readonly isGoing: () => boolean;
    /** Nothing moved, and why. */
    readonly stand: (code: string) => void;
    readonly moved: () => void;
  };

type Moved = "moved" | "full" | "stopped" | "unavailable";

/** How many of the first rows are in the stream, or put aside; and what their appends were answered, which holds once they are deleted. */
export type MovedRows = { readonly count: number; readonly totals: readonly Total[] };

/** Brings rows of the outbox into the stream. */
export const createRowMover = (options: RowMoverOptions): ((rows: readonly OutboxRow[]) => Promise<MovedRows>) => {
  const { term, platform, measures, drainEventsMax, traces, isGoing, stand, moved } = options;
  const { lease } = term;
  const { shard } = lease;

  const bury = createRowBurial(options, "outbox");

  const ask = createAccountedAppend(options, options.writers.rows);
  const name = createNaming(options);
  /** Of the rows that moved in this call. */
  let totals = new Map<string, number>();

  const appendGroup = async (group: ReadableRows): Promise<Moved> => {
    if (!isGoing()) return "stopped";
    const chunk = chunkOf(group, shard, platform);
    const answer = await ask({ ...chunk, rows: runsOf(group) });
    if (answer.kind === "fenced") term.end("fenced");
    if (answer.kind !== "ok") return answer.kind === "full" ? "full" : "unavailable";
    // What is to be in both must be so before it leaves one. Also duplicates: what they repeat may have no copy.
    const rows = keyedRows(group, chunk, answer.duplicates, answer.total);
    const kept = rows.length === 0 || (await name("keep", rows)).ok;
    if (!kept) return "unavailable";
    // They only grow: with a duplicate all are answered, as they are in a Redis that went back meanwhile (seed 178: 11, then 5).
    for (const [writer, total] of answer.totals ?? []) totals.set(writer, Math.max(total, totals.get(writer) ?? 0));
    return "moved";
  };
  const append = traces === undefined ? appendGroup : tracedMove(appendGroup, shard, traces);

  /**
   * One group after the other: a row behind a refused one must not get in, and with several under way it could, since a
   * smaller one still fits where a larger one did not. Grouped, since an append costs Redis an fsync and its relay a
   * read: 24,000 rows of one event took 75 s one by one on a busy machine.
   */
  return async (rows) => {
    let count = 0;
    totals = new Map();
    for (const group of groupsOf(rows, drainEventsMax, platform)) {
      const came = "why" in group ? ((await bury(group)) ? "moved" : "unavailable") : await append(group);
      if (came !== "moved") {
        if (count === 0) stand(came);
        break;
      }
      count += "why" in group ? 1 : group.rows.length;
      moved();
    }
    measures.drainedRows.add(count, { shard: String(shard) });
    return { count, totals: [...totals] };
  };
};
