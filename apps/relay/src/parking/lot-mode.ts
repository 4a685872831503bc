import { createMode, type EnteredFrom, type Mode } from "../mode.ts";

/**
 * What becomes of one topic's events in one shard, for one term.
 *
 *   direct ──its topic takes none──▶ opening ──▶ marking ──▶ collecting ──▶ parked ◀──────▶ returning
 *    ▲ ▲ ◀─────────no Postgres────────┘                                    ▲ │ ◀ something was taken ┘
 *    │ adopting ──────────────────────────────────────────────────────────┘ │
 *    │ (marked by an owner before)                                          │ read empty
 *    └────────────────────────────── clearing ◀─────────────────────────────┘
 *
 * Up to opening they go to the lanes; from marking on to the lot, behind what was collected out of the lanes.
 */
export type LotModeName =
  | "direct"
  | "opening"
  | "marking"
  | "collecting"
  | "adopting"
  | "parked"
  | "returning"
  | "clearing";

const enteredFrom: EnteredFrom<LotModeName> = {
  direct: ["opening", "clearing"],
  opening: ["direct"],
  marking: ["opening"],
  collecting: ["marking"],
  adopting: ["direct"],
  parked: ["collecting", "adopting", "returning"],
  returning: ["parked"],
  clearing: ["parked", "returning"],
};

export const createLotMode = (shard: number, topic: string): Mode<LotModeName> =>
  createMode<LotModeName>(`topic ${topic} of shard ${shard}`, enteredFrom, "direct");
