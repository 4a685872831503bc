import type { Page } from "playwright-core";
import type { Pipeline } from "../support/world.ts";

/** Something that an operator presses. */
export type Action = {
  readonly open: (page: Page) => Promise<unknown>;
  readonly button: RegExp;
  /** A field of the form, which is filled in. */
  readonly field?: string;
  readonly done: RegExp;
  /** How often it was done. */
  readonly count: () => Promise<number>;
};

const countOf = async (rows: PromiseLike<readonly { readonly count: number }[]>): Promise<number> =>
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
      done: /Letter \d+ was replayed\./,
      count: () => actionsOf("replay"),
    },
    "a discard": {
      open: openLetter,
      button: /^Discard letter/,
      field: "Reason",
      done: /Letter \d+ was discarded\./,
      count: () => actionsOf("discard"),
    },
    "a job": {
      open: (page) => page.goto(`/jobs/new?kind=replay&type=${type}`),
      button: /^Replay 3$/,
      field: "Reason",
      done: /Job \d+ was begun\./,
      count: () => countOf(sql`select count(*)::int from dead_letter_jobs where filter ->> 'type' = ${type}`),
    },
  } satisfies Readonly<Record<string, Action>>;
};

export type ActionName = keyof ReturnType<typeof actionsOn>;
