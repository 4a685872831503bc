import { type Answer, type Told, verdictOf } from "./answer.ts";
import type { Clock } from "./clock.ts";
import { type Outcome, stored } from "./outcome.ts";
import type { Entry, Queue } from "./queue.ts";
import type { createWaits, Wait } from "./waits.ts";

/** A request, or some of its events, that will be sent again. */
export type Trouble = {
  /** Of the answer; null: there was none. */
  readonly status: number | null;
  /** The problem's code, else the status, `timeout` or `network`. */
  readonly code: string;
  readonly events: number;
  /** So many in a row have failed. */
  readonly tries: number;
  readonly retryInMs: number;
};

export type ApplyPorts = {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly queue: Queue;
  readonly waits: ReturnType<typeof createWaits>;
  readonly onTrouble: (trouble: Trouble) => void;
  /** Of each event once. */
  readonly onOutcome: (entry: Entry, outcome: Outcome) => void;
};

/** Does what an answer says, to whatever copy of these events it came. */
export const createApplyAnswer = ({ clock, queue, waits, onTrouble, onOutcome }: ApplyPorts, eventsMax: number) => {
  let batchEventsMax = eventsMax;

  const settle = (entry: Entry, outcome: Outcome): void => {
    if (queue.settle(entry, outcome)) onOutcome(entry, outcome);
  };
  const trouble = ({ status }: Answer, code: string, events: number, { tries, untilMs }: Wait): void =>
    onTrouble({ status, code, events, tries, retryInMs: untilMs - clock.monotonicMs() });

  const applyEach = (batch: readonly Entry[], told: readonly Told[], code: string, answer: Answer): void => {
    waits.answered();
    batch.forEach((entry, i) => {
      const one = told[i] ?? "again";
      if (one === "again") return;
      waits.settled(entry);
      settle(entry, one === "stored" ? stored : one);
    });
    // Not what an answer to another copy has settled.
    const again = batch.filter((entry, i) => told[i] === "again" && queue.entries.has(entry));
    if (again.length > 0) trouble(answer, code, again.length, waits.failedOf(again, answer.retryAfterMs));
  };

  return {
    settle,
    /** What the edge takes in one request, as far as it has said. */
    batchEventsMax: () => batchEventsMax,
    apply: (batch: readonly Entry[], answer: Answer): void => {
      const verdict = verdictOf(answer, batch.length);
      if (verdict.kind === "again") trouble(answer, verdict.code, batch.length, waits.failed(answer.retryAfterMs));
      else if (verdict.kind === "smaller") batchEventsMax = Math.ceil(batch.length / 2);
      else {
        batchEventsMax = Math.min(eventsMax, batchEventsMax + 1);
        applyEach(batch, verdict.told, verdict.code, answer);
      }
    },
  };
};
