import type { LetterRefusal } from "@spillway/event";
import type { LetterFilter } from "./filter.ts";

export type JobKind = "replay" | "discard" | "restore";

/**
 * - `running`: a runner decides letter after letter, in the order in which they died
 * - `paused`: by an operator
 * - `stopped`: by itself, since too many of its letters died again
 * - `arriving`: all were decided; of a replay not all events are known to have left the outbox, the streams and the parked
 * - `done`, `cancelled`: over
 */
export type JobState = "running" | "paused" | "stopped" | "arriving" | "done" | "cancelled";

/** What a new job is told. */
export type JobOrder = {
  /** An order of the same key is the same order. */
  readonly key: string;
  readonly kind: JobKind;
  /** With `throughId`. Of what the kind decides: what waits, or what was discarded. */
  readonly filter: LetterFilter;
  /** Takes the discards of this job back; the filter is then not looked at. */
  readonly undoes: string | null;
  readonly actor: string;
  readonly address: string;
  /** A discard has one. */
  readonly reason: string | null;
  readonly planned: number;
  /** Letters a second, at most. */
  readonly rate: number;
  readonly deathsMax: number;
};

export type Skips = Readonly<Partial<Record<LetterRefusal["code"], number>>>;

export type Job = Omit<JobOrder, "key"> & {
  readonly id: string;
  readonly state: JobState;
  readonly cursor: string;
  readonly skipped: Skips;
  readonly runner: string | null;
  readonly drainedAtMs: number | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
};

export type OpenJob = Pick<Job, "id" | "state">;

/** What became of a job's letters. `died` is counted up to `DEATHS_COUNTED_MAX`. */
export type JobCounts = { readonly decided: number; readonly died: number };

export const DEATHS_COUNTED_MAX = 10_000;
export const RATE_MAX = 5_000;

/** What an operator, or the runner, may do to a job in each state. */
export const MOVES = {
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused", "stopped"], to: "running" },
  cancel: { from: ["running", "paused", "stopped"], to: "cancelled" },
  stop: { from: ["running"], to: "stopped" },
  decided: { from: ["running"], to: "arriving" },
  finish: { from: ["running", "arriving"], to: "done" },
} as const satisfies Readonly<Record<string, { readonly from: readonly JobState[]; readonly to: JobState }>>;

export type JobMove = keyof typeof MOVES;

/** Who decides letters for a job: nothing is decided once it is not running, or another runner has it. */
export type JobHold = { readonly id: string; readonly runner: string };
