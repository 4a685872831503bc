import { createMode, type EnteredFrom, type Mode } from "../mode.ts";

/**
 * What a drain does, and with it what it knows of the shard's diversion.
 *
 *   unknown ────────────── rows ───────────────┐
 *   ▲  │ no rows                               ▼
 *   │  ▼                          a stamp      beginning ──▶ moving ──full, trouble, stop──▶ diverted
 *   │ asking, looking ─────────────────────────▶ ▲            │  ▲ ◀────────── again ───────────┘
 *   │  │ none   ▲ no rows                        │            │ read empty
 *   │  ▼        │                                │            ▼
 *   │ open ─────┴─────────── rows ───────────────┘          ending
 *   │  ▲ ◀─────────────────── ended ─────────────────────────┘│
 *   └──────── no answer of any of them; raised meanwhile ─────┘
 *
 * `looking` is `asking` of who knows that there was none. A stamp that is found then is an earlier owner's, or an edge's: also
 * one that comes when the rows that it means have been moved already, which nobody else would end.
 */
export type DrainModeName = "unknown" | "asking" | "beginning" | "moving" | "diverted" | "ending" | "open" | "looking";

const enteredFrom: EnteredFrom<DrainModeName> = {
  unknown: ["asking", "looking", "beginning", "ending"],
  asking: ["unknown"],
  beginning: ["unknown", "asking", "open", "looking"],
  moving: ["beginning", "diverted"],
  diverted: ["moving"],
  ending: ["moving"],
  open: ["asking", "looking", "ending"],
  looking: ["open"],
};

/** Unknown until this term has set it: the last owner may have left it so. And while that is asked. */
export type Diversion = "unknown" | "begun" | "ended";

const diversions: Readonly<Record<DrainModeName, Diversion>> = {
  unknown: "unknown",
  asking: "unknown",
  beginning: "unknown",
  moving: "begun",
  diverted: "begun",
  ending: "unknown",
  open: "ended",
  looking: "ended",
};

export const diversionOf = (mode: DrainModeName): Diversion => diversions[mode];

/** What is to be done now that the outbox holds rows of the shard, or none; null: nothing, or it is being done. */
export const stepOf = (mode: DrainModeName, occupied: boolean): "begin" | "move" | "asking" | "looking" | null => {
  if (mode === "diverted") return "move";
  if (mode !== "unknown" && mode !== "open") return null;
  if (occupied) return "begin";
  return mode === "open" ? "looking" : "asking";
};

export const createDrainMode = (shard: number): Mode<DrainModeName> =>
  createMode<DrainModeName>(`the drain of shard ${shard}`, enteredFrom, "unknown");
