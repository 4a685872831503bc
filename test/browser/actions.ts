import type { Page } from "playwright-core";
import type { Pipeline } from "../support/world.ts";

/** Something that an operator presses. */
export type Action = {
  readonly open: (page: Page) => Promise<unknown>;
  readonly button: RegExp;
  /** A field of the form, which is filled in. */
  readonly field?: string;
  /** Its table, which a test can lock, and the beginning of the statement that then waits. */
  readonly table: string;
  readonly statement: string;
  readonly done: RegExp;
  /** Said where it was done before. */
  readonly doneBefore: RegExp;
  /** How often it was done. */
  readonly count: () => Promise<number>;
};

export const countOf = async (rows: PromiseLike<readonly { readonly count: number }[]>): Promise<number> =>
  (await rows)[0]?.count ?? Number.NaN;

/** Each on a letter, or on the three of a type. */
export const actionsOn = ({ sql }: Pipeline, { letter, type }: { readonly letter: string; readonly type: string }) => {
  const actionsOf = (action: string) =>
    countOf(sql`select count(*)::int from dead_letter_actions where letter = ${letter} and action = ${action}`);
  const openLetter = (page: Page) => page.goto(`/dead-letters/${letter}`);
  return {
    "a replay": {
      open: openLetter,
      button: /^Replay letter/,
      table: "dead_letters",
      statement: "with sent as",
      done: /Letter \d+ was replayed\./,
      doneBefore: /Letter \d+ was replayed once, by operator at .* UTC, and not again\./,
      count: () => actionsOf("replay"),
    },
    "a discard": {
      open: openLetter,
      button: /^Discard letter/,
      field: "Reason",
      table: "dead_letters",
      statement: "with locked as",
      done: /Letter \d+ was discarded\./,
      doneBefore: /Letter \d+ was discarded once, by operator at .* UTC, and not again\./,
      count: () => actionsOf("discard"),
    },
    "a job": {
      open: (page) => page.goto(`/jobs/new?kind=replay&type=${type}`),
      button: /^Replay 3$/,
      field: "Reason",
      table: "dead_letter_jobs",
      statement: "insert into dead_letter_jobs",
      done: /Job \d+ was begun\./,
      doneBefore: /Job \d+ was begun once, by this form, and not again\./,
      count: () => countOf(sql`select count(*)::int from dead_letter_jobs where filter ->> 'type' = ${type}`),
    },
    "the acknowledgment of a loss": {
      open: (page) => page.goto("/"),
      button: /^Acknowledge/,
      table: "shard_checkpoints",
      statement: "with found as",
      done: /4 lost events acknowledged\./,
      doneBefore: /Nothing is told as lost any more/,
      count: () =>
        countOf(
          sql`select count(*)::int from loss_acknowledgements where created_at >= (select max(created_at) from dead_letters)`,
        ),
    },
  } satisfies Readonly<Record<string, Action>>;
};

export type ActionName = keyof ReturnType<typeof actionsOn>;
export const onLetters: readonly ActionName[] = ["a replay", "a discard", "a job"];
export const actionNames: readonly ActionName[] = [...onLetters, "the acknowledgment of a loss"];
