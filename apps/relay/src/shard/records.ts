import { type ChunkEvent, receivedAtMsOf, recordHeadersOf } from "@spillway/event";
import type { Outlet, Way } from "../partition/topics.ts";
import type { InHand, RelayRecord } from "./in-hand.ts";

/** Records without a key that follow each other into one partition: enough to fill a batch, too few to fill a lane. */
const KEYLESS_RUN = 500;

/**
 * Which way a record takes: a lane of its topic, or the lot of a topic that is parked. Keys decide by themselves; records
 * without one stay together for a while.
 */
export const createRouter = (topicOf: (type: string) => string, get: (name: string) => Way | undefined) => {
  const keyless = new Map<Way, { readonly outlet: Outlet; left: number }>();
  let lastType: string | null = null;
  let lastTopic: Way | undefined;

  // Neighbours are often of one type; who is asked again each time, since a topic can be reshaped, or parked.
  const topicFor = (type: string): Way | undefined => {
    if (type === lastType && lastTopic !== undefined) return lastTopic;
    lastType = type;
    lastTopic = get(topicOf(type));
    return lastTopic;
  };

  const keylessOutlet = (topic: Way): Outlet => {
    const kept = keyless.get(topic);
    if (kept && kept.left-- > 0) return kept.outlet;
    const outlet = topic.anyLane();
    keyless.set(topic, { outlet, left: KEYLESS_RUN - 1 });
    return outlet;
  };

  /** What was found for the last type may be parked now, or be so no more. */
  const lookAgain = (): void => {
    lastType = null;
  };

  return {
    /** The name of a topic that must be loaded first, or null when all of these are known. */
    missing: (events: Iterable<{ readonly type: string }>): string | null => {
      lookAgain();
      for (const { type } of events) if (!topicFor(type)) return topicOf(type);
      return null;
    },
    lookAgain,
    outletOf: (type: string, key: string | null): Outlet => {
      const topic = topicFor(type);
      if (!topic) throw new Error("outletOf() is for types that missing() found");
      return key === null ? keylessOutlet(topic) : topic.laneOf(key);
    },
    /** The next records without a key go elsewhere. */
    turn: (): void => keyless.clear(),
  };
};

export type Router = ReturnType<typeof createRouter>;

/** What the records of one entry have in common. */
const createRecords = (from: InHand) => {
  const appendedAtMs = Number(from.id.split("-")[0]);
  const place = `${from.term.lease.shard}/${from.id}/`;
  /** `index`: the event's in its chunk. The value is a view of the chunk's buffer. */
  return (index: number, event: ChunkEvent): RelayRecord => {
    const { partitionKey, replay, bytes } = event;
    const headers = recordHeadersOf(event, place + index, replay);
    // Brokers refuse times that are more than an hour ahead, so an edge whose clock is wrong would send its events to the
    // dead letters: the entry's id, which is Redis's clock and never earlier than the ingest, caps it.
    const timestampMs = Math.min(receivedAtMsOf(from, index), appendedAtMs);
    return { key: partitionKey, value: bytes, headers, timestampMs, from, index };
  };
};

export const recordOf = (from: InHand, index: number, event: ChunkEvent): RelayRecord =>
  createRecords(from)(index, event);

/** The entry's records, in order, each with its way. The values are views of the chunk's buffer. */
export const recordsOf = (
  from: InHand,
  skip: readonly number[],
  router: Router,
): readonly { readonly outlet: Outlet; readonly record: RelayRecord }[] => {
  const { chunkEvents } = from;
  const recordAt = createRecords(from);
  const skipped = skip.length === 0 ? null : new Set(skip);
  const records: { outlet: Outlet; record: RelayRecord }[] = [];
  router.lookAgain();
  for (let index = 0; index < chunkEvents.length; index++) {
    if (skipped?.has(index)) continue;
    const event = chunkEvents[index]!;
    records.push({ outlet: router.outletOf(event.type, event.partitionKey), record: recordAt(index, event) });
  }
  return records;
};
