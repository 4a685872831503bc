import type { RelayParts } from "../parts.ts";
import { type Insisting, insist } from "./insist.ts";

/** The marks of a shard's parked topics, beside its lease. */
export const createMarks = (options: Pick<RelayParts, "parking" | "shardStream" | "topicNames"> & Insisting) => {
  const { term, parking, shardStream, topicNames } = options;
  const { shard } = term.lease;

  /** An emptied Redis has lost the marks, a new one never had them, one that is another's replica or came back older lacks some: Postgres knows. */
  const withPostgres = async (marked: readonly string[]): Promise<readonly string[]> => {
    const all = await insist(options, "parking", () => parking.topics([shard]));
    const waiting = (all?.value ?? []).filter(({ events }) => events > 0).map(({ topic }) => topic);
    const parked = [...new Set([...marked, ...waiting])];
    await insist(options, "reading", () => shardStream.park(term.lease, parked, "all"));
    return parked;
  };

  return {
    /** The topics that are parked; none when the term is over. */
    read: async (): Promise<readonly string[]> => {
      const marks = await insist(options, "reading", () => shardStream.parked(shard));
      if (marks === null) return [];
      const { topics, told } = marks.value;
      // Of a single topic nothing is ever parked, so it does not wait for Postgres after each restart of Redis.
      const areAll = told === "this-server" || (told === "another" && topicNames.length === 1);
      return areAll ? topics : withPostgres(topics);
    },
    /** Sets all once more: a Redis that was replaced may have lost some. */
    tell: async (names: readonly string[]): Promise<void> => {
      if (term.over) return;
      const answer = await shardStream.park(term.lease, names, "all");
      if (answer.ok && answer.value === "fenced") term.end("fenced");
    },
  };
};
