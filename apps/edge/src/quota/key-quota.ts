import type { Clock, Usage, UsageOfAll } from "@spillway/event";
import { createLimit, type Limit } from "./limit.ts";

/** What keys of this name may send, all edges together; null: as much as they like. */
export type Quota = {
  readonly name: string;
  readonly eventsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
};

const TELL_EVERY_MS = 100;
/** How much one request more says of how many events a request has. */
const NEWEST_WEIGHT = 0.2;

/** One quota in one edge, which asks nobody (E7). */
export const createKeyQuota = (
  { eventsPerSecond, bytesPerSecond }: Quota,
  clock: Pick<Clock, "monotonicMs">,
  refused: (events: number) => void,
) => {
  const now = (): number => clock.monotonicMs();
  const limitOf = (perSecond: number | null): Limit | null =>
    perSecond === null ? null : createLimit(perSecond, now());
  const events = limitOf(eventsPerSecond);
  const bytes = limitOf(bytesPerSecond);
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let isNews = false;
  /** Of a request: what nobody has read counts as so many, or who is refused much would look as if he sent little. */
  let eventsEach = 1;

  const isEmpty = (limit: Limit | null, nowMs: number): boolean => limit !== null && limit.level(nowMs) <= 0;
  const waitMs = (limit: Limit | null): number => limit?.waitMs(now()) ?? 0;

  const takeBytes = (amount: number, nowMs: number): void => {
    bytes?.comes(amount, nowMs);
    bytes?.take(amount);
  };

  return {
    /** A request came with so many bytes, as far as it says. Whether its body is to be read; then those are taken. */
    enter: (declaredBytes: number): boolean => {
      const nowMs = now();
      isNews = true;
      if (!isEmpty(events, nowMs) && !isEmpty(bytes, nowMs)) {
        takeBytes(declaredBytes, nowMs);
        return true;
      }
      events?.comes(eventsEach, nowMs);
      bytes?.comes(declaredBytes, nowMs);
      refused(Math.round(eventsEach));
      return false;
    },
    /** Its body holds so many more than it said: what came without a length, and what was unfolded. */
    unfolded: (moreBytes: number): void => {
      if (moreBytes > 0) takeBytes(moreBytes, now());
    },
    /** Of so many events that came in one request, how many may be stored: the first ones. They are taken. */
    take: (count: number): number => {
      if (events === null || count === 0) return count;
      const nowMs = now();
      eventsEach += (count - eventsEach) * NEWEST_WEIGHT;
      events.comes(count, nowMs);
      const taken = Math.min(count, Math.max(0, Math.ceil(events.level(nowMs))));
      events.take(taken);
      if (taken < count) refused(count - taken);
      return taken;
    },
    /** Whole seconds until something may be taken again. */
    retryAfterSeconds: (): number => Math.max(1, Math.ceil(Math.max(waitMs(events), waitMs(bytes)) / 1_000)),
    /** What is to be told to the other edges now; null where nothing came, or that was told a moment ago. */
    due: (): Usage | null => {
      const nowMs = now();
      if (!isNews || nowMs - toldAtMs < TELL_EVERY_MS) return null;
      isNews = false;
      toldAtMs = nowMs;
      return { events: events?.tell(nowMs) ?? 0, bytes: bytes?.tell(nowMs) ?? 0 };
    },
    heard: (ofAll: UsageOfAll): void => {
      const nowMs = now();
      events?.heard(ofAll.events, ofAll.edges, nowMs);
      bytes?.heard(ofAll.bytes, ofAll.edges, nowMs);
    },
  };
};

export type KeyQuota = ReturnType<typeof createKeyQuota>;
