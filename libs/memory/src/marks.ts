import type { Clock, ParkedMark } from "@spillway/event";

export type Marks = {
  park(topics: readonly string[], begin: boolean): void;
  parked(): readonly ParkedMark[] | null;
  copy(): Marks;
};

/** Which topics of a shard are parked, and whether anybody has looked. */
export const createMarks = (clock: Clock, from: ReadonlyMap<string, number> | null = null): Marks => {
  let since = from === null ? null : new Map(from);
  return {
    copy: () => createMarks(clock, since),
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
