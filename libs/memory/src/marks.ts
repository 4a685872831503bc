import type { Clock, ParkedMark } from "@spillway/event";

/** Which topics of a shard are parked, and whether anybody has looked. */
export const createMarks = (clock: Clock) => {
  let since: Map<string, number> | null = null;
  return {
    park: (topics: readonly string[], begin: boolean): void => {
      if (begin) since ??= new Map();
      for (const topic of topics) {
        if (!begin) since?.delete(topic);
        else if (!since?.has(topic)) since?.set(topic, clock.wallMs());
      }
    },
    parked: (): readonly ParkedMark[] | null =>
      since === null ? null : [...since].map(([topic, sinceMs]) => ({ topic, sinceMs })),
  };
};
