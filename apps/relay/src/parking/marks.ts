import type { RelayParts } from "../parts.ts";
import { type Insisting, insist } from "./insist.ts";

/** The marks of a shard's parked topics, beside its lease. */
export const createMarks = (options: Pick<RelayParts, "parking" | "shardStream"> & Insisting) => {
  const { term, parking, shardStream } = options;
  const { shard } = term.lease;

  /** An emptied Redis has lost what is parked, a new one never had it: Postgres knows. */
  const fromPostgres = async (): Promise<readonly string[]> => {
    const all = await insist(options, "parking", () => parking.topics([shard]));
    const waiting = (all?.value ?? []).filter(({ events }) => events > 0).map(({ topic }) => topic);
    await insist(options, "reading", () => shardStream.park(term.lease, waiting, true));
    return waiting;
  };

  return {
    /** The topics that are marked; none when the term is over. */
    read: async (): Promise<readonly string[]> => {
      const marks = await insist(options, "reading", () => shardStream.parked(shard));
      if (marks === null) return [];
      return marks.value === null ? fromPostgres() : marks.value.map(({ topic }) => topic);
    },
    /** Sets them once more: a Redis that was replaced may have lost some. */
    refresh: async (names: readonly string[]): Promise<void> => {
      if (names.length === 0 || term.over) return;
      const answer = await shardStream.park(term.lease, names, true);
      if (answer.ok && answer.value === "fenced") term.end("fenced");
    },
  };
};
