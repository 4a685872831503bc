import { type ParkedPlace, type ParkedRow, placeOf } from "@spillway/event";
import type { Answer } from "../dependencies.ts";
import { Unreadable, undecodableLetter } from "../shard/undecodable.ts";
import type { LotParts } from "./lot.ts";
import { recordOfRow } from "./parked-record.ts";
import { createWithLanes } from "./with-lanes.ts";

/** Hands rows to the lanes, and knows which of them have met their end. */
export const createHandBack = (parts: LotParts, onEnd: () => void) => {
  const { term, topic, topics, place, parking, through, deadLetters, platform, log, measures } = parts;
  const withLanes = createWithLanes();
  const relayed = new Map<string, ParkedPlace>();
  const dead = new Map<string, ParkedPlace>();

  const ends = (row: ParkedRow, as: Map<string, ParkedPlace>): void => {
    const { ref, index, from } = row;
    as.set(placeOf(row), { ref, index });
    if (from !== null) through.returned(from);
  };

  /** Answers whether it is out of the way. */
  const bury = async (row: ParkedRow, why: Unreadable): Promise<boolean> => {
    const where = { shard: place.shard, entry: `parked/${row.id}`, events: 1 };
    const answer = await deadLetters.put([undecodableLetter(where, row.chunk, why)]);
    if (!answer.ok) return false;
    log("error", "parked-event.undecodable", { ...place, row: row.id, ...why });
    measures.deadLetters.add(1, { class: "undecodable" });
    ends(row, dead);
    return true;
  };

  const push = (row: ParkedRow): Unreadable | null => {
    const way = topics.get(topic);
    if (!way) throw new Error(`rows of ${topic} are handed over before it is loaded`);
    const key = placeOf(row);
    const record = recordOfRow(row, term, platform, (from) => {
      withLanes.remove(key);
      ends(row, from.dead > 0 ? dead : relayed);
      onEnd();
    });
    if (record instanceof Unreadable) return record;
    const lane = record.key === null ? way.anyLane() : way.laneOf(record.key);
    if (!withLanes.mayGo(row.id, lane)) return null;
    withLanes.add(key, lane, record.value.length);
    topics.push(lane, record);
    return null;
  };

  /** It was read before, when a row in front of it was passed over. */
  const isKnown = (row: ParkedRow): boolean => [withLanes, relayed, dead].some((some) => some.has(placeOf(row)));

  return {
    get isFull() {
      return withLanes.isFull;
    },
    /** None is with a lane, passed over or to be removed. */
    get isEmpty() {
      return withLanes.size + withLanes.passedOver + relayed.size + dead.size === 0;
    },
    resume: withLanes.resume,
    /** Removes those that were confirmed or are dead letters. Answers how many were confirmed. */
    remove: async (): Promise<Answer<number>> => {
      const gone = { relayed: [...relayed.values()], dead: [...dead.values()] };
      if (gone.relayed.length + gone.dead.length === 0) return { ok: true, value: 0 };
      const answer = await parking.remove(place.shard, topic, gone);
      if (!answer.ok) return answer;
      for (const place of gone.relayed) relayed.delete(placeOf(place));
      for (const place of gone.dead) dead.delete(placeOf(place));
      measures.returnedRecords.add(gone.relayed.length + gone.dead.length, { topic });
      return { ok: true, value: gone.relayed.length };
    },
    /** In their order. Answers the last that went, was passed over or was buried as unreadable. */
    rows: async (rows: readonly ParkedRow[]): Promise<string | null> => {
      let last: string | null = null;
      for (const row of rows) {
        const why = isKnown(row) ? null : push(row);
        if (why !== null && (!(await bury(row, why)) || term.over)) break;
        last = row.id;
      }
      topics.kick();
      return last;
    },
  };
};
