import type { StreamSight } from "@spillway/event";
import type { Bug } from "./bug.ts";

/** Of every world. */
const SHARDS_MAX = 3;

/** Mistakes in what is said of one event. */
export const bugsOfTheLookups: Readonly<Record<string, Bug>> = {
  "a lookup asks the stream before the outbox": {
    sights: (sights, shards) => {
      const asked = new Map<string, Promise<StreamSight>>();
      const all = Array.from({ length: SHARDS_MAX }, (_, shard) => shard).filter((shard) => shard < shards);
      return {
        ...sights,
        letter: async (identity, place, deadlineMs) => {
          if (place === null) {
            const early = sights.stream(identity, all, deadlineMs);
            asked.set(identity, early);
            await early;
          }
          return sights.letter(identity, place, deadlineMs);
        },
        stream: (key, some, deadlineMs) => asked.get(key) ?? sights.stream(key, some, deadlineMs),
      };
    },
  },

  "a lookup takes what is parked for relayed": { sights: (sights) => ({ ...sights, parked: async () => null }) },

  "a lookup takes what died for relayed": {
    sights: (sights) => ({
      ...sights,
      letter: async (identity, place, deadlineMs) =>
        place === null ? sights.letter(identity, place, deadlineMs) : null,
    }),
  },

  "a lookup forgets the entries that nobody could read": {
    sights: (sights) => ({ ...sights, letter: (identity, _, deadlineMs) => sights.letter(identity, null, deadlineMs) }),
  },
};
