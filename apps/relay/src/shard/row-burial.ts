import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";
import type { UnreadableRow } from "./row-groups.ts";
import { undecodableLetter } from "./undecodable.ts";

/** Puts a row aside that nobody can read, since it must not hold up the others for ever; answers whether it is. */
export const createRowBurial =
  ({ term, deadLetters, log, measures }: RelayParts & { readonly term: Term }, table: "outbox" | "copies") =>
  async ({ row, why }: UnreadableRow): Promise<boolean> => {
    const { shard } = term.lease;
    const place = { shard, entry: `${table}/${row.id}`, events: row.events };
    const answer = await deadLetters.put([undecodableLetter(place, row.chunk, why)]);
    if (!answer.ok) return false;
    log("error", `${table}-row.undecodable`, { shard, row: row.id, events: row.events, ...why });
    measures.deadLetters.add(row.events, { class: "undecodable" });
    return true;
  };
