import type { Actor } from "@spillway/event";
import type { Sql } from "postgres";
import type { JobHold } from "./job.ts";

/** Who decides letters, and for which job, if for one. */
export type LetterActor = Actor & { readonly job?: JobHold };

/**
 * A condition of a statement that decides letters: the job runs, and this runner has it. Locks: the job's row, shared, until the
 * statement is over, so that a pause waits for it, and nothing is decided after the pause was answered.
 */
export const whileHeld = (sql: Sql, { job }: LetterActor) =>
  job === undefined
    ? sql``
    : sql`and exists (
        select from dead_letter_jobs as held where held.id = ${job.id} and held.runner = ${job.runner} and held.state = 'running'
        for share
      )`;
