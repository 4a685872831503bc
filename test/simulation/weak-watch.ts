import type { TierPromise } from "@spillway/event";
import type { Process } from "./process.ts";

/** Between two questions of an edge: half a second from an answer, which may take 400 ms, or from the lack of one. */
const ASKED_WITHIN_MS = 900;

/** What one process must not do with a stream that said that it does not keep what it takes. */
export type WeakWatch = {
  asks(): void;
  told(promise: TierPromise | null): void;
  /** An edge appends. */
  writes(): void;
  /** A drain looks for rows to move. */
  drains(): void;
  /** It appends some. */
  moves(): void;
  /** It deletes those. */
  deletes(): void;
};

export const createWeakWatch = (
  nowMs: () => number,
  process: Process,
  violate: (violation: string) => void,
): WeakWatch => {
  let state: TierPromise["state"] = "unknown";
  let askedAtMs = nowMs();
  /** One answer is a leave for one look. */
  let mayDrain = false;
  /** Told so since the last append. */
  let isSure = true;
  return {
    asks: () => {
      askedAtMs = nowMs();
    },
    told: (promise) => {
      if (promise === null) return;
      state = promise.state;
      mayDrain = state !== "broken";
      isSure = mayDrain;
    },
    writes: () => {
      if (state === "broken") violate("writes to a stream that said that it does not keep it");
      const forMs = nowMs() - askedAtMs;
      if (forMs > ASKED_WITHIN_MS && !process.frozenSince(askedAtMs))
        violate(`writes to the stream and has not asked for ${forMs} ms whether it keeps it`);
    },
    drains: () => {
      if (!mayDrain) violate("moves rows and was not told that the stream keeps them");
      mayDrain = false;
    },
    moves: () => {
      isSure = false;
    },
    deletes: () => {
      if (!isSure) violate("deletes rows and was not told since they were moved that the stream keeps them");
    },
  };
};
