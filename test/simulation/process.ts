import type { Clock } from "@spillway/event";
import type { Timeline } from "./timeline.ts";

/** One operating-system process: production code runs in it, and it can be killed or frozen between any two steps. */
export type Process = {
  readonly name: string;
  /** Its sleeps end with it; its wall clock may be wrong. */
  readonly clock: Clock;
  alive(): boolean;
  kill(): void;
  /** Nothing happens in it for `ms`, as under SIGSTOP; what arrives meanwhile is seen afterwards. */
  freeze(ms: number): void;
  /** Whether it was frozen at any time since `sinceMs`. */
  frozenSince(sinceMs: number): boolean;
  /** Lets something happen in the process: now, or when it thaws, or never when it is dead. */
  deliver(happen: () => void): void;
  onKill(react: () => void): () => void;
};

export type ClockError = {
  /** Wall clock minus true time, in ms. */
  readonly skewMs: number;
  /** Where the monotonic clock began. */
  readonly monotonicFromMs: number;
};

/** True time at the start of every simulation. */
export const START_MS = 1_700_000_000_000;

export const createProcess = (name: string, timeline: Timeline, error: ClockError): Process => {
  const reactions = new Set<() => void>();
  const sleepers = new Set<() => void>();
  let alive = true;
  let frozenUntilMs = 0;

  const deliver = (happen: () => void): void => {
    if (!alive) return;
    if (frozenUntilMs <= timeline.nowMs()) happen();
    else timeline.after(frozenUntilMs - timeline.nowMs(), () => deliver(happen));
  };

  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        appointment.cancelled = true;
        leave();
        resolve();
      };
      const leave = () => {
        signal?.removeEventListener("abort", wake);
        sleepers.delete(leave);
      };
      const appointment = timeline.after(ms, () => deliver(wake));
      sleepers.add(leave);
      signal?.addEventListener("abort", wake, { once: true });
    });

  return {
    name,
    clock: {
      monotonicMs: () => error.monotonicFromMs + timeline.nowMs(),
      wallMs: () => START_MS + error.skewMs + Math.floor(timeline.nowMs()),
      sleep,
    },
    alive: () => alive,
    kill: () => {
      if (!alive) return;
      alive = false;
      // Bun keeps for good what listens to a signal of several (AbortSignal.any), and with it the whole world.
      for (const leave of [...sleepers]) leave();
      for (const react of [...reactions]) react();
    },
    freeze: (ms) => {
      frozenUntilMs = Math.max(frozenUntilMs, timeline.nowMs() + ms);
    },
    frozenSince: (sinceMs) => frozenUntilMs > sinceMs,
    deliver,
    onKill: (react) => {
      reactions.add(react);
      return () => void reactions.delete(react);
    },
  };
};
