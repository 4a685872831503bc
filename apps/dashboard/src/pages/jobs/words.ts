import type { Job, JobCounts, JobKind, LetterGroup } from "@spillway/dead-letters";
import type { LetterRefusal } from "@spillway/event";
import { countOf } from "../format.ts";

export const VERBS: Readonly<Record<JobKind, { readonly will: string; readonly done: string }>> = {
  replay: { will: "Replay", done: "went" },
  discard: { will: "Discard", done: "were discarded" },
  restore: { will: "Take back the discard of", done: "wait again" },
};

/** Why a letter is left as it is. */
export const REASONS: Readonly<Record<LetterRefusal["code"], string>> = {
  replayed_too_often: "went round too often",
  undecodable: "hold no event",
  no_identity: "do not tell the event's source and id",
  replayed: "were replayed meanwhile",
  discarded: "were discarded meanwhile",
  waiting: "wait already",
  not_found: "are gone",
  batch_too_large: "are too large for one call",
};

/** "2 went round too often and 1 holds no event" */
export const skipsOf = (skipped: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(skipped)
    .filter(([, count]) => (count ?? 0) > 0)
    .map(([code, count]) => `${countOf(count ?? 0)} ${REASONS[code as LetterRefusal["code"]] ?? code}`)
    .join(", ");

export const skippedOf = (skipped: Readonly<Record<string, number | undefined>>): number =>
  Object.values(skipped).reduce<number>((sum, count) => sum + (count ?? 0), 0);

/** What a job is about: its group's name where it is about one. */
export const aboutOf = ({ filter, undoes }: Pick<Job, "filter" | "undoes">): string => {
  if (undoes !== null) return `job ${undoes}`;
  const { deadLetterClass, code, topic, type } = filter as Partial<LetterGroup>;
  const names = [deadLetterClass, type ?? code, topic === undefined || topic === null ? undefined : `for ${topic}`];
  return names.filter((name) => name !== undefined).join(" ") || "what the filter finds";
};

/** What became of a job, in one sentence that claims nothing that is not known. */
export const resultOf = (job: Job, { decided, died }: JobCounts): string => {
  const { kind, state, skipped } = job;
  const verb = VERBS[kind].done;
  const skips = skippedOf(skipped) > 0 ? `, and ${skipsOf(skipped)}` : "";
  if (kind === "replay" && state === "done")
    return `${countOf(decided - died)} arrived in Kafka, ${countOf(died)} died again${skips}.`;
  const deaths = kind === "replay" ? `, ${countOf(died)} died again so far` : "";
  const open = kind === "replay" && state === "arriving" ? ", and are on their way to Kafka" : "";
  const of = decided > job.planned ? "" : ` of ${countOf(job.planned)}`;
  return `${countOf(decided)}${of} ${verb}${open}${deaths}${skips}.`;
};

export const STATES: Readonly<Record<Job["state"], string>> = {
  running: "running",
  paused: "paused",
  stopped: "stopped, since too many died again",
  arriving: "all sent, waiting until they have arrived",
  done: "done",
  cancelled: "cancelled: the rest was left as it is",
};
