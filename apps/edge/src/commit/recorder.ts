import { type Accounts, type Clock, Unavailable, type Writers } from "@spillway/event";
import type { Log } from "@spillway/telemetry";

const RECORD_EVERY_MS = 1_000;
const DEADLINE_MS = 2_000;

export type RecorderPorts = {
  /** For each tier. */
  readonly writers: readonly Writers[];
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * Tells Postgres once a second how many events this edge has acknowledged, so that a Redis that lost some can be told from one
 * that never had them; all of it each time, since Postgres may go back. An edge that dies takes with it what it acknowledged since.
 */
export const createRecorder = ({ writers, accounts, clock, log }: RecorderPorts) => {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let isKnown = true;

  const record = async (): Promise<void> => {
    const positions = writers.map((each) => each.known());
    if (positions.flat().length === 0) return;
    try {
      await accounts.record(positions.flat(), DEADLINE_MS);
      for (const [i, each] of writers.entries()) each.recorded(positions[i] ?? []);
      isKnown = true;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (isKnown) log("warn", "accounts.unrecorded", { code: error.code });
      isKnown = false;
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await clock.sleep(RECORD_EVERY_MS, stopping.signal);
      await record();
    }
  };

  return {
    start: (): void => {
      running = loop();
    },
    /** Ends when what is known is recorded, or cannot be. */
    stop: async (): Promise<void> => {
      stopping.abort();
      await running;
    },
  };
};
