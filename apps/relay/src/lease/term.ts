import type { Clock, Lease } from "@spillway/event";

/**
 * Why a term ended. `doubt`: something sent under its token may still happen that must not; the lease that follows has
 * another token. `foreign`: what stands in Redis or in Postgres is not our installation. `outranked`: the ledger knows a
 * higher token, since Redis was emptied or went back, so that it would take no copy of ours; the lease is taken above it.
 */
export type TermEnd = "released" | "fenced" | "deadline" | "reshaped" | "doubt" | "foreign" | "outranked";

/**
 * One lease from its taking to its end, as far as this process can trust it: up to a local monotonic deadline that is
 * anchored before the request was sent, so that a slow answer, a frozen process or a set clock never makes it longer
 * than the server's. `over` never becomes false again: once a record was held back, no newer one may be sent.
 */
export type Term = {
  readonly lease: Lease;
  readonly over: boolean;
  /** When the request was sent (monotonic) by which it was had or renewed last. */
  readonly renewedAtMs: number;
  /** Whether a send may start now. Ends the term when its deadline has passed. */
  holds(): boolean;
  /** The lease was renewed by a request sent at `sentAtMs` (monotonic). */
  renewed(sentAtMs: number): void;
  end(reason: TermEnd): void;
  /** Calls back once, at once when it is over already. */
  onEnd(callback: (reason: TermEnd) => void): void;
};

export type TermOptions = {
  readonly lease: Lease;
  readonly clock: Clock;
  /** Monotonic time at which the lease was asked for. */
  readonly sentAtMs: number;
  /** How long the lease is trusted after a request was sent: its ttl minus a margin. */
  readonly trustMs: number;
};

export const createTerm = ({ lease, clock, sentAtMs, trustMs }: TermOptions): Term => {
  let lastAtMs = sentAtMs;
  let ended: TermEnd | null = null;
  const callbacks: ((reason: TermEnd) => void)[] = [];

  const end = (reason: TermEnd): void => {
    if (ended !== null) return;
    ended = reason;
    for (const callback of callbacks.splice(0)) callback(reason);
  };

  return {
    lease,
    get over() {
      return ended !== null;
    },
    get renewedAtMs() {
      return lastAtMs;
    },
    holds: () => {
      if (ended !== null) return false;
      if (clock.monotonicMs() < lastAtMs + trustMs) return true;
      end("deadline");
      return false;
    },
    renewed: (renewedAtMs) => {
      lastAtMs = Math.max(lastAtMs, renewedAtMs);
    },
    end,
    onEnd: (callback) => {
      if (ended === null) callbacks.push(callback);
      else callback(ended);
    },
  };
};
