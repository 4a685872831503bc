import type { Clock } from "@spillway/event";

/** Says for how long something is as it is, in milliseconds, as far as it was looked at: 0 at the look that finds it changed. */
export const createSince = (clock: Pick<Clock, "monotonicMs">) => {
  const seen = new Map<string, { readonly state: string; readonly sinceMs: number }>();
  return (name: string, state: string): number => {
    const nowMs = clock.monotonicMs();
    const last = seen.get(name);
    if (last?.state === state) return nowMs - last.sinceMs;
    seen.set(name, { state, sinceMs: nowMs });
    return 0;
  };
};
