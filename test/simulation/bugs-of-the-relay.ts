import { decodeChunk, type Entry, type Outcome, type SinkRecord } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import type { Bug } from "./bug.ts";

/** The bug is in what a relay makes of the entries that it reads. */
const reading = (seen: (entry: Entry) => Entry): Bug => ({
  relay: (ports) => ({
    ...ports,
    shardStream: {
      ...ports.shardStream,
      read: async (...asked) => (await ports.shardStream.read(...asked)).map(seen),
    },
  }),
});

const isReadable = (entry: Entry): boolean => {
  try {
    return decodeChunk(entry.chunk, platform).events.length > 0;
  } catch {
    return false;
  }
};

/** What a publish came to is taken for something else. */
const mistaking = (mistake: (outcome: Outcome, records: readonly SinkRecord[]) => Outcome): Bug => ({
  relay: (ports) => ({
    ...ports,
    sink: {
      ...ports.sink,
      publish: async (topic, partition, records, mayStart) =>
        mistake(await ports.sink.publish(topic, partition, records, mayStart), records),
    },
  }),
});

/** Mistakes on the way out: what a relay, its leases or the sink could get wrong. */
export const bugsOfTheRelay: Readonly<Record<string, Bug>> = {
  "entries leave the stream when they are read": {
    backends: (memory, { shardStream }) => ({
      shardStream: {
        ...shardStream,
        read: async (shard, after, entriesMax, waitMs) => {
          const entries = await shardStream.read(shard, after, entriesMax, waitMs);
          const relayed = entries.reduce((sum, entry) => sum + entry.events, 0);
          memory.streams.settle(shard, { entries: entries.map(({ id }) => id), relayed });
          return entries;
        },
      },
    }),
  },

  "what stands beside a chunk is believed unread": reading((entry) => {
    if (entry.total !== null || !isReadable(entry)) return entry;
    return { ...entry, total: decodeChunk(entry.chunk, platform).events.length };
  }),

  "an entry that nobody can read ends the relay": reading((entry) => {
    if (!isReadable(entry)) throw new TypeError("its columns are not what they were taken for");
    return entry;
  }),

  "settling removes everything up to an entry": {
    backends: (memory, { shardStream }) => ({
      shardStream: {
        ...shardStream,
        settle: (lease, settled) => {
          const last = settled.entries.at(-1);
          const all = memory.streams.entriesAfter(lease.shard, "0", 10_000).map(({ id }) => id);
          const entries = last === undefined ? [] : all.slice(0, all.indexOf(last) + 1);
          return shardStream.settle(lease, { ...settled, entries, relayed: Number.MAX_SAFE_INTEGER });
        },
      },
    }),
  },

  "a new owner starts at the end of the stream": {
    relay: (ports) => ({
      ...ports,
      shardStream: {
        ...ports.shardStream,
        read: async (shard, after, entriesMax, waitMs) => {
          if (after !== "0") return ports.shardStream.read(shard, after, entriesMax, waitMs);
          const here = await ports.shardStream.read(shard, "0", 10_000, 0);
          return ports.shardStream.read(shard, here.at(-1)?.id ?? "0", entriesMax, waitMs);
        },
      },
    }),
  },

  "two publishes are in flight per partition": {
    relay: (ports) => ({
      ...ports,
      sink: {
        ...ports.sink,
        publish: async (topic, partition, records) => {
          const half = records.length >> 1;
          const parts = half === 0 ? [records] : [records.slice(0, half), records.slice(half)];
          const outcomes = await Promise.all(
            parts.map((part) => ports.sink.publish(topic, partition, part, () => true)),
          );
          return outcomes.find((outcome) => outcome.kind !== "ok") ?? { kind: "ok" };
        },
      },
    }),
  },

  "a record that failed is tried again behind the newer ones": {
    relay: (ports, process) => {
      const again = async (outcome: Outcome, publish: () => Promise<Outcome>): Promise<void> => {
        for (let last = outcome; last.kind === "retriable"; last = await publish()) await process.clock.sleep(50);
      };
      return {
        ...ports,
        sink: {
          ...ports.sink,
          publish: async (topic, partition, records) => {
            const publish = () => ports.sink.publish(topic, partition, records, () => true);
            const outcome = await publish();
            if (outcome.kind !== "retriable") return outcome;
            void again(outcome, publish);
            return { kind: "ok" };
          },
        },
      };
    },
  },

  "what waits behind a busy broker is sent whoever has the lease by then": {
    relay: (ports) => ({
      ...ports,
      sink: {
        ...ports.sink,
        publish: (topic, partition, records) => ports.sink.publish(topic, partition, records, () => true),
      },
    }),
  },

  "entries are settled before the dead letter is stored": {
    relay: (ports) => ({
      ...ports,
      deadLetters: {
        put: async (letters) => {
          ports.deadLetters.put(letters).catch(() => "nobody waits for it");
        },
      },
    }),
  },

  "a dead letter that is put again is another one": {
    backends: (memory) => {
      let puts = 0;
      return { deadLetters: { put: async (letters) => memory.letters.put(letters, () => String(++puts)) } };
    },
  },

  "a record dies of the time that we gave it": mistaking((outcome) =>
    outcome.kind === "retriable" && outcome.retime
      ? { kind: "fatal", code: outcome.code, deadLetterClass: "rejected" }
      : outcome,
  ),

  "a batch that is refused is blamed on each of its records": mistaking((outcome, records) =>
    outcome.kind === "fatal" && !outcome.refused ? { ...outcome, refused: records.map((_, index) => index) } : outcome,
  ),

  "the sink confirms a batch of which one record is missing": {
    backends: (_memory, { sink }, random) => ({
      sink: {
        ...sink,
        publish: (topic, partition, records) =>
          sink.publish(topic, partition, random.chance(0.02) ? records.slice(0, -1) : records, () => true),
      },
    }),
  },

  "a zombie goes on sending after its deadline": {
    relay: (ports) => ({
      ...ports,
      leases: {
        ...ports.leases,
        renew: async (lease, ttlMs) => {
          await ports.leases.renew(lease, ttlMs).catch(() => false);
          return true;
        },
      },
    }),
  },
};
