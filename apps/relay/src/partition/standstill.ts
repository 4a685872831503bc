import { createBackoff } from "../backoff.ts";
import type { RelayParts } from "../parts.ts";
import { EVIDENCE_MS, type Evidence } from "./evidence.ts";
import type { LaneMode } from "./lane-mode.ts";

const RETRY = { firstMs: 100, mostMs: 5_000 } as const;
const PAUSE = { firstMs: 1_000, mostMs: 30_000 } as const;

export type StandstillOptions = Pick<RelayParts, "clock" | "random" | "signal"> & {
  readonly mode: LaneMode;
  readonly evidence: Evidence;
};

/**
 * The waits of a lane that stands still, all of them. What is behind it stays in memory meanwhile, and holds back its
 * shards once their part of that is full.
 */
export const createStandstill = ({ mode, evidence, clock, random, signal }: StandstillOptions) => {
  const retry = createBackoff(RETRY, random);
  const pause = createBackoff(PAUSE, random);
  let notified = new AbortController();
  let cut = new AbortController();

  const wait = async (ms: number, ...signals: readonly AbortSignal[]): Promise<void> => {
    cut = new AbortController();
    await clock.sleep(ms, AbortSignal.any([signal, cut.signal, ...signals]));
  };

  /** Until the next round that is not sooner. All lanes of a process have theirs at the same moments, so that what they ask stands in one request. */
  const untilRoundMs = (soonestMs: number): number => {
    const nowMs = clock.monotonicMs();
    return Math.ceil((nowMs + soonestMs) / EVIDENCE_MS) * EVIDENCE_MS - nowMs;
  };

  return {
    /** Before the next attempt, each time longer. */
    backOff: async (how: "retrying" | "paused" | "dead-letters", code: string): Promise<void> => {
      mode.to(how, code);
      await wait((how === "paused" ? pause : retry).nextMs());
    },
    /** Until the topic may take something: the pause is over, something was taken elsewhere, or `notify`. */
    awaitEvidence: async (code: string, recordsWaiting: number): Promise<void> => {
      mode.to("awaiting", code);
      notified = new AbortController();
      const { signal: notice } = notified;
      const ignore = evidence.listen(() => notified.abort());
      const ms = recordsWaiting > 0 ? untilRoundMs(EVIDENCE_MS / 2) : pause.nextMs();
      await wait(ms, notice);
      ignore();
      if (notice.aborted) await wait(untilRoundMs(EVIDENCE_MS));
      mode.to("doubting", code);
    },
    /** Records came, or a term's went. */
    notify: (): void => notified.abort(),
    /** There is nothing to wait for any more. */
    cut: (): void => cut.abort(),
    /** The next wait is a short one again. */
    reset: (): void => {
      retry.reset();
      pause.reset();
    },
  };
};
