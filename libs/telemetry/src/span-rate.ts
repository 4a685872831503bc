import type { Clock } from "@spillway/event";

const SECOND_MS = 1_000;

/**
 * So many spans of each name in a second. Every sampler follows what a client says: those by the parent its flag, the ratio its trace id,
 * and with `always_on` each of its requests is one. So whoever may send events could have as much recorded as it likes.
 */
export const createSpanRate = (perSecondMax: number, clock: Pick<Clock, "monotonicMs">) => {
  const seconds = new Map<string, { endsAtMs: number; spans: number }>();
  const secondOf = (name: string) => {
    const last = seconds.get(name);
    if (last && clock.monotonicMs() < last.endsAtMs) return last;
    const second = { endsAtMs: clock.monotonicMs() + SECOND_MS, spans: 0 };
    seconds.set(name, second);
    return second;
  };
  return {
    isSpent: (name: string): boolean => secondOf(name).spans >= perSecondMax,
    spend: (name: string): void => void secondOf(name).spans++,
  };
};
