import type { ParkedRow } from "@spillway/event";
import type { Answer } from "../dependencies.ts";
import { Unreadable, undecodableLetter } from "../shard/undecodable.ts";
import type { LotParts } from "./lot.ts";
import { recordOfRow } from "./parked-record.ts";

/** Hands rows to the lanes, and knows which of them have met their end. */
export const createHandBack = (parts: LotParts, onEnd: () => void) => {
  const { term, topic, topics, place, parking, deadLetters, platform, log, measures } = parts;
  let withLanes = 0;
  let relayed: string[] = [];
  let dead: string[] = [];

  const met = (id: string, isDead: boolean): void => {
    (isDead ? dead : relayed).push(id);
  };

  /** Answers whether it is out of the way. */
  const bury = async (row: ParkedRow, why: Unreadable): Promise<boolean> => {
    const where = { shard: place.shard, entry: `parked/${row.id}`, events: 1 };
    const answer = await deadLetters.put([undecodableLetter(where, row.chunk, why)]);
    if (!answer.ok) return false;
    log("error", "parked-event.undecodable", { ...place, row: row.id, ...why });
    measures.deadLetters.add(1, { class: "undecodable" });
    met(row.id, true);
    return true;
  };

  const push = (row: ParkedRow): Unreadable | null => {
    const way = topics.get(topic);
    if (!way) throw new Error(`rows of ${topic} are handed over before it is loaded`);
    const record = recordOfRow(row, term, platform, (from) => {
      withLanes--;
      met(row.id, from.dead > 0);
      onEnd();
    });
    if (record instanceof Unreadable) return record;
    withLanes++;
    topics.push(record.key === null ? way.anyLane() : way.laneOf(record.key), record);
    return null;
  };

  return {
    get withLanes() {
      return withLanes;
    },
    /** Rows that were confirmed or are dead letters, and are not removed yet. */
    get done() {
      return relayed.length + dead.length;
    },
    /** Removes them. Answers how many were confirmed. */
    remove: async (): Promise<Answer<number>> => {
      const gone = { relayed: relayed.slice(), dead: dead.slice() };
      if (gone.relayed.length + gone.dead.length === 0) return { ok: true, value: 0 };
      const answer = await parking.remove(place.shard, topic, gone);
      if (!answer.ok) return answer;
      relayed = relayed.slice(gone.relayed.length);
      dead = dead.slice(gone.dead.length);
      measures.returnedRecords.add(gone.relayed.length + gone.dead.length, { topic });
      return { ok: true, value: gone.relayed.length };
    },
    /** In their order. Answers the last that went, or was buried as unreadable. */
    rows: async (rows: readonly ParkedRow[]): Promise<string | null> => {
      let last: string | null = null;
      for (const row of rows) {
        const why = push(row);
        if (why !== null && (!(await bury(row, why)) || term.over)) break;
        last = row.id;
      }
      topics.kick();
      return last;
    },
  };
};
