import type { Copy } from "@spillway/event";
import type { Answer } from "../dependencies.ts";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";
import { createAccountedAppend } from "./accounted-append.ts";
import { chunkOf, keyedRows } from "./copied-rows.ts";
import { createNaming, type NamingOptions } from "./naming.ts";
import { createRowBurial } from "./row-burial.ts";
import { groupsOf, type ReadableRows } from "./row-groups.ts";

const COPIES_MAX = 1_000;
const INFINITE = Number.POSITIVE_INFINITY;

export type CopyAppenderOptions = RelayParts &
  NamingOptions & {
    readonly term: Term;
    readonly isGoing: () => boolean;
    /** Nothing goes on, and why. */
    readonly stand: (code: string) => void;
    /** Its events will come out, whatever the stream has lost. */
    readonly isInHand: (key: string) => boolean;
  };

/** A look at the copies of a shard, from the oldest on. */
export type Look = {
  readonly youngerThanMs: number;
  /** What the stream held when the newest of these was written has left it: what is known of them was settled. 0: nothing is known. */
  readonly settledUpTo: number;
  /** The newest that is looked at; null: that there is when the look begins. */
  upTo: number | null;
  /** The last copy that was looked at. */
  after: string;
};

/** `missing`: the stream lacks one, so that the shard has to be diverted before the look goes on. */
export type Looked = "done" | "missing" | "stopped";

/**
 * What comes while it is looked at is no part of a look: its append may still be on the way. By ids alone: for a Postgres whose clock
 * went back 2 s no copy was older than now, so a look found none, and rows of the outbox passed all of them. Answers why it is not known.
 */
const bound = async (look: Look, newest: () => Promise<Answer<string | null>>): Promise<string | null> => {
  if (look.upTo !== null) return null;
  const answer = await newest();
  if (!answer.ok) return answer.code;
  look.upTo = Number(answer.value ?? 0);
  return null;
};

/** Brings copies to their stream, in their order, where the dedup keys say which of them it lacks. */
export const createCopyAppender = (options: CopyAppenderOptions, restored: (events: number) => void) => {
  const { term, shardStream, copies, platform, drainEventsMax, isGoing, stand, isInHand } = options;
  const { shard } = term.lease;
  const bury = createRowBurial(options, "copies");
  const appendChunk = createAccountedAppend(options, options.writers.copies);
  const name = createNaming(options);

  const stop = (code: string): "stopped" => {
    stand(code);
    return "stopped";
  };

  /** All of it is known: where it is also settled, the copies are left over. */
  const removeSettled = async ({ rows }: ReadableRows, { settledUpTo }: Look): Promise<Looked> => {
    const left = rows.filter(({ id }) => Number(id) <= settledUpTo).map(({ id }) => id);
    const answer = left.length === 0 ? null : await copies.remove(left);
    return answer === null || answer.ok ? "done" : stop(answer.code);
  };

  const ask = async (group: ReadableRows, look: Look): Promise<Looked> => {
    const answer = await shardStream.missing(shard, chunkOf(group, shard, platform).dedupKeys);
    if (!answer.ok) return stop(answer.code);
    return answer.value === 0 ? removeSettled(group, look) : "missing";
  };

  const append = async (group: ReadableRows, look: Look): Promise<Looked> => {
    const chunk = chunkOf(group, shard, platform);
    const answer = await appendChunk(chunk);
    if (answer.kind === "fenced") term.end("fenced");
    if (answer.kind !== "ok") return stop(answer.kind === "retriable" ? answer.code : answer.kind);
    const { duplicates, total } = answer;
    if (duplicates.length === chunk.events) return removeSettled(group, look);
    restored(chunk.events - duplicates.length);
    const rekeyed = await name("rekey", keyedRows(group, chunk, duplicates, total));
    return rekeyed.ok ? "done" : stop(rekeyed.code);
  };

  const lookAtGroups = async (found: readonly Copy[], look: Look, bring: typeof append): Promise<Looked> => {
    const away = found.filter(({ key }) => !isInHand(key));
    for (const group of groupsOf(away, drainEventsMax, platform)) {
      if (!isGoing()) return "stopped";
      if (!("why" in group)) {
        const looked = await bring(group, look);
        if (looked !== "done") return looked;
        continue;
      }
      const isGone = (await bury(group)) && (await copies.remove([group.row.id])).ok;
      if (!isGone) return stop("unavailable");
    }
    return "done";
  };

  /** One page of them, as far as `before`; `done` when there is none behind it, or the first that is not before that. */
  const lookAtPage = async (look: Look, bring: typeof append, before = INFINITE): Promise<Looked | "more" | number> => {
    const code = await bound(look, () => copies.newest(shard, null));
    if (code !== null) return stop(code);
    const answer = await copies.read(shard, look.after, COPIES_MAX, look.youngerThanMs);
    if (!answer.ok) return stop(answer.code);
    const due = answer.value.filter(({ id }) => Number(id) <= (look.upTo ?? 0));
    const found = due.filter(({ id }) => Number(id) < before);
    const looked = await lookAtGroups(found, look, bring);
    if (looked !== "done") return looked;
    look.after = found.at(-1)?.id ?? look.after;
    if (due.length > found.length) return Number(due[found.length]?.id);
    return found.length > 0 ? "more" : "done";
  };

  return {
    /** Changes nothing in the stream; `missing` as well when there are more than one page. */
    compare: async (look: Look): Promise<Looked> => {
      for (let pages = 0; pages < 2; pages++) {
        const looked = await lookAtPage(look, ask);
        if (looked !== "more" && typeof looked !== "number") return looked;
      }
      return "missing";
    },
    /** Appends what the stream lacks; the shard is diverted. A number: the id of the first that is not before that. */
    append: async (look: Look, before: number): Promise<Looked | number> => {
      for (;;) {
        const looked = await lookAtPage(look, append, before);
        if (looked !== "more") return looked;
      }
    },
  };
};
