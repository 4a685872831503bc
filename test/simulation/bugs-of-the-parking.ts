import type { ParkedMarks, Parking } from "@spillway/event";
import type { Bug } from "./bug.ts";

/** The bug is in what a relay makes of Postgres's answers. */
const parking = (wrong: (port: Parking) => Partial<Parking>): Bug => ({
  relay: (ports) => ({ ...ports, parking: { ...ports.parking, ...wrong(ports.parking) } }),
});

/** The bug is in what a relay makes of Redis's. */
const marks = (wrong: (seen: ParkedMarks) => ParkedMarks): Bug => ({
  relay: (ports) => {
    const { shardStream } = ports;
    return {
      ...ports,
      shardStream: { ...shardStream, parked: async (shard) => wrong(await shardStream.parked(shard)) },
    };
  },
});

/** Mistakes with the events of a topic that takes nothing. */
export const bugsOfTheParking: Readonly<Record<string, Bug>> = {
  "events are settled before they are parked": parking((port) => ({
    put: async (...of) => {
      port.put(...of).catch(() => "nobody waits for it");
      return { kind: "ok", first: null, totals: [], duplicates: [] };
    },
  })),

  "parked events are removed when they are read": parking((port) => ({
    oldest: async (shard, topic, after, rowsMax) => {
      const rows = await port.oldest(shard, topic, after, rowsMax);
      if (rows.length > 0) await port.remove(shard, topic, { relayed: rows, dead: [] });
      return rows;
    },
  })),

  "parked events come back in any order": parking((port) => ({
    oldest: async (...of) => (await port.oldest(...of)).toReversed(),
  })),

  "newer events pass those that an owner before has parked": marks(() => ({ topics: [], told: "this-server" })),

  "the mark goes before the last row": parking((port) => ({
    oldest: async (...of) => (await port.oldest(...of)).slice(0, -1),
  })),

  "an emptied Redis is one in which nothing is parked": marks((seen) =>
    seen.told === "nobody" ? { ...seen, told: "this-server" } : seen,
  ),

  "the marks of a Redis that went back are all that there are": marks((seen) =>
    seen.told === "another" ? { ...seen, told: "this-server" } : seen,
  ),
};
