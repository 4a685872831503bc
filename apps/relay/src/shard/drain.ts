import {
  type Chunk,
  type DeadLetters,
  dedupKeysOf,
  encodeChunk,
  mergeChunks,
  type OutboxDrain,
  type OutboxRow,
  type Platform,
  type ShardStream,
} from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import { attempt } from "../attempt.ts";
import type { Term } from "../lease/term.ts";
import type { Measures } from "../measures.ts";
import type { Troubles } from "../troubles.ts";
import { decodeOrReason, undecodableLetter } from "./undecodable.ts";

export type DrainOptions = {
  readonly term: Term;
  readonly stream: Pick<ShardStream, "append" | "divert">;
  readonly outbox: Pick<OutboxDrain, "drain">;
  readonly deadLetters: DeadLetters;
  readonly platform: Platform;
  readonly log: Log;
  readonly measures: Measures;
  readonly troubles: Pick<Troubles, "spot">;
  /** Events of the rows that enter the stream in one append. */
  readonly appendEventsMax: number;
};

/**
 * Moves one shard's outbox into its stream. The shard is diverted from before the first row moves until the outbox
 * was read empty, so that no edge's append overtakes a row.
 */
export type Drain = {
  /** Unknown until this term has set it: the last owner may have left it so. */
  readonly diversion: "unknown" | "begun" | "ended";
  /** Ends when the shard's outbox is empty, or at the first trouble; then it is to be called again after a while. */
  run(occupied: boolean): Promise<void>;
  /** Moves no further row. */
  stop(): void;
};

const ROWS_MAX = 1_000;
const APPEND_BYTES_MAX = 512 * 1024;

/** Rows that enter the stream in one append, or one that nobody can read and the reason. */
type Group = { readonly rows: OutboxRow[]; readonly chunks: Chunk[]; readonly reason: string | null };

const groupsOf = (rows: readonly OutboxRow[], eventsMax: number, platform: Platform): readonly Group[] => {
  const groups: Group[] = [];
  let events = 0;
  let bytes = 0;
  for (const row of rows) {
    const chunk = decodeOrReason(row.chunk, platform);
    if (typeof chunk === "string") {
      groups.push({ rows: [row], chunks: [], reason: chunk });
      continue;
    }
    events += chunk.events.length;
    bytes += row.chunk.length;
    const last = groups.at(-1);
    if (last?.reason === null && events <= eventsMax && bytes <= APPEND_BYTES_MAX) {
      last.rows.push(row);
      last.chunks.push(chunk);
    } else {
      groups.push({ rows: [row], chunks: [chunk], reason: null });
      events = chunk.events.length;
      bytes = row.chunk.length;
    }
  }
  return groups;
};

type Moved = "moved" | "full" | "stopped" | "unavailable";

export const createDrain = (options: DrainOptions): Drain => {
  const { term, stream, outbox, deadLetters, platform, log, measures } = options;
  const { lease } = term;
  const { shard } = lease;
  let diversion: Drain["diversion"] = "unknown";
  let running = false;
  let stopped = false;
  const spot = options.troubles.spot("shard");
  term.onEnd(spot.end);

  const going = (): boolean => !stopped && !term.over;

  const stand = (code: string): void => {
    if (going()) spot.stands("draining", code, { shard });
  };

  const setDiversion = async (begin: boolean): Promise<boolean> => {
    const before = diversion;
    diversion = "unknown";
    const answer = await attempt(stream.divert(lease, begin));
    // It may still end, at any time from now on, also after it was begun again: only a new token stops that.
    if (!answer.ok && !begin) term.end("doubt");
    if (answer.ok && answer.value === "fenced") term.end("fenced");
    if (!answer.ok || answer.value === "fenced") return false;
    diversion = begin ? "begun" : "ended";
    if (diversion !== before && (before !== "unknown" || begin)) log("info", `diversion.${diversion}`, { shard });
    return true;
  };

  /** A row that nobody can read must not hold up the others for ever. */
  const bury = async (row: OutboxRow, reason: string): Promise<Moved> => {
    const place = { shard, entry: `outbox/${row.id}`, events: row.events };
    const answer = await attempt(deadLetters.put([undecodableLetter(place, row.chunk, reason)]));
    if (!answer.ok) return "unavailable";
    log("error", "outbox-row.undecodable", { shard, row: row.id, events: row.events, reason });
    measures.deadLetters.add(row.events, { class: "undecodable" });
    return "moved";
  };

  const append = async ({ rows, chunks }: Group): Promise<Moved> => {
    if (!going()) return "stopped";
    const [first] = rows as [OutboxRow];
    const merged = rows.length === 1 ? (chunks[0] as Chunk) : mergeChunks(chunks);
    const { events } = merged;
    if (events.length === 0) return "moved";
    const chunk = rows.length === 1 ? first.chunk : encodeChunk(merged, platform);
    const dedupKeys = dedupKeysOf(events);
    const answer = await attempt(stream.append(lease, { shard, chunk, events: events.length, dedupKeys }));
    if (!answer.ok) return "unavailable";
    if (answer.value.kind === "fenced") term.end("fenced");
    if (answer.value.kind === "ok") return "moved";
    return answer.value.kind === "full" ? "full" : "unavailable";
  };

  const moveGroup = (group: Group): Promise<Moved> => {
    return group.reason === null ? append(group) : bury(group.rows[0] as OutboxRow, group.reason);
  };

  /**
   * One group after the other: a row behind a refused one must not get in, and with several under way it could, since a
   * smaller one still fits where a larger one did not. Grouped, since an append costs Redis an fsync and its relay a
   * read: 24,000 rows of one event took 75 s one by one on a busy machine.
   */
  const move = async (rows: readonly OutboxRow[]): Promise<number> => {
    let moved = 0;
    for (const group of groupsOf(rows, options.appendEventsMax, platform)) {
      const came = await moveGroup(group);
      if (came !== "moved") {
        if (moved === 0) stand(came);
        break;
      }
      moved += group.rows.length;
      spot.goes();
    }
    measures.drainedRows.add(moved, { shard: String(shard) });
    return moved;
  };

  const empty = async (): Promise<void> => {
    if (diversion !== "begun" && !(await setDiversion(true))) return stand("diversion_not_begun");
    while (going()) {
      const answer = await attempt(outbox.drain(shard, ROWS_MAX, move));
      if (!answer.ok) return stand(answer.code);
      if (answer.value.found === 0) {
        spot.goes();
        return void (await setDiversion(false));
      }
      if (answer.value.removed < answer.value.found) return;
    }
  };

  return {
    get diversion() {
      return diversion;
    },
    run: async (occupied) => {
      if (running || !going()) return;
      running = true;
      if (occupied || diversion === "begun") await empty();
      else if (diversion === "unknown") await setDiversion(false);
      running = false;
    },
    stop: () => {
      stopped = true;
    },
  };
};
