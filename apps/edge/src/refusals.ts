import type { Clock } from "@spillway/event";
import { type ProblemCode, problems } from "./problem.ts";
import { problemCodeOf } from "./respond.ts";

/** Why requests were told to come again: a code, or `partly` where some of their events were stored. */
type Why = ProblemCode | "partly";

type Run = { readonly firstMs: number; lastMs: number; requests: number };

/** A minute without one ends a run of refusals. */
const APART_MS = 60_000;

const whyOf = (response: Response): Why | null => {
  if (response.status === 207) return response.headers.has("retry-after") ? "partly" : null;
  const code = problemCodeOf(response);
  return code !== undefined && (problems[code].status === 429 || problems[code].status === 503) ? code : null;
};

/** Requests that were not stored, or not all of them, although nothing is wrong with them: whom an operator has to help. */
export const createRefusals = (clock: Pick<Clock, "monotonicMs">) => {
  const runs = new Map<Why, Run>();
  let total = 0;
  return {
    saw: (response: Response): void => {
      const why = whyOf(response);
      if (why === null) return;
      total++;
      const nowMs = clock.monotonicMs();
      const last = runs.get(why);
      const run = last && nowMs - last.lastMs < APART_MS ? last : { firstMs: nowMs, lastMs: nowMs, requests: 0 };
      run.lastMs = nowMs;
      run.requests++;
      runs.set(why, run);
    },
    /** Of this process, and the runs that are not over. */
    state: () => {
      const nowMs = clock.monotonicMs();
      const lasting = [...runs].filter(([, { lastMs }]) => nowMs - lastMs < APART_MS);
      return {
        requests: total,
        runs: lasting.map(([code, { firstMs, lastMs, requests }]) => ({
          code,
          requests,
          for_ms: nowMs - firstMs,
          last_ms_ago: nowMs - lastMs,
        })),
      };
    },
  };
};

export type Refusals = ReturnType<typeof createRefusals>;
