import { createMode, type EnteredFrom, type Mode } from "../mode.ts";

/**
 * What a drain does, and with it what it knows of the shard's diversion.
 *
 *               ┌───────────── no answer ──────────────┐
 *               ▼                                      │
 *   ┌───▶ unknown ──────────── rows ───────────▶ beginning ──▶ moving ──full, trouble, stop──▶ diverted
 *   │           │ no rows                          ▲          │  ▲ ◀────────── again ───────────┘
 *   no answer   ▼                                  │ rows     │ read empty
 *   └──────── ending ──────────▶ open ─────────────┘          │
 *               ▲ ◀───────────────────────────────────────────┘
 */
export type DrainModeName = "unknown" | "beginning" | "moving" | "diverted" | "ending" | "open";

const enteredFrom: EnteredFrom<DrainModeName> = {
  unknown: ["beginning", "ending"],
  beginning: ["unknown", "open"],
  moving: ["beginning", "diverted"],
  diverted: ["moving"],
  ending: ["moving", "unknown"],
  open: ["ending"],
};

/** Unknown until this term has set it: the last owner may have left it so. And while that is asked. */
export type Diversion = "unknown" | "begun" | "ended";

const diversions: Readonly<Record<DrainModeName, Diversion>> = {
  unknown: "unknown",
  beginning: "unknown",
  moving: "begun",
  diverted: "begun",
  ending: "unknown",
  open: "ended",
};

export const diversionOf = (mode: DrainModeName): Diversion => diversions[mode];

/** What is to be done now that the outbox holds rows of the shard, or none; null: nothing, or it is being done. */
export const stepOf = (mode: DrainModeName, occupied: boolean): "begin" | "move" | "end" | null => {
  if (mode === "diverted") return "move";
  if (mode === "unknown") return occupied ? "begin" : "end";
  return mode === "open" && occupied ? "begin" : null;
};

export const createDrainMode = (shard: number): Mode<DrainModeName> =>
  createMode<DrainModeName>(`the drain of shard ${shard}`, enteredFrom, "unknown");
