import { receivedAtMsOf, type TraceContext } from "@spillway/event";
import type { Lane } from "../partition/lane.ts";
import type { Topic } from "../partition/topics.ts";
import type { InHand, RelayRecord } from "./in-hand.ts";

const CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8";
/** Records without a key that follow each other into one partition: enough to fill a batch, too few to fill a lane. */
const KEYLESS_RUN = 500;

/** Which lane a record takes. Keys decide by themselves; records without one stay together for a while. */
export const createRouter = (topicOf: (type: string) => string, get: (name: string) => Topic | undefined) => {
  const keyless = new Map<string, { readonly lane: Lane; left: number }>();
  let lastType: string | null = null;
  let lastTopic: Topic | undefined;

  // Neighbours are often of one type; the map of all topics is asked again each time, since a topic can be reshaped.
  const topicFor = (type: string): Topic | undefined => {
    if (type === lastType && lastTopic !== undefined) return lastTopic;
    lastType = type;
    lastTopic = get(topicOf(type));
    return lastTopic;
  };

  const keylessLane = (topic: Topic): Lane => {
    const kept = keyless.get(topic.name);
    if (kept && kept.left-- > 0) return kept.lane;
    const lane = topic.anyLane();
    keyless.set(topic.name, { lane, left: KEYLESS_RUN - 1 });
    return lane;
  };

  return {
    /** The name of a topic that must be loaded first, or null when all of these are known. */
    missing: (events: Iterable<{ readonly type: string }>): string | null => {
      lastType = null;
      for (const { type } of events) if (!topicFor(type)) return topicOf(type);
      return null;
    },
    laneOf: (type: string, key: string | null): Lane => {
      const topic = topicFor(type);
      if (!topic) throw new Error("laneOf() is for types that missing() found");
      return key === null ? keylessLane(topic) : topic.laneOf(key);
    },
    /** The next records without a key go elsewhere. */
    turn: (): void => keyless.clear(),
  };
};

export type Router = ReturnType<typeof createRouter>;

/** `spillway-attempt` counts lives, not publishes: a retry sends the same record, a replayed dead letter the next. */
const headersOf = (
  { traceparent, tracestate }: TraceContext,
  entry: string,
  attempt: string,
): Readonly<Record<string, string>> => {
  const own = { "content-type": CONTENT_TYPE, "spillway-entry": entry, "spillway-attempt": attempt };
  if (traceparent === null) return own;
  return tracestate === undefined ? { ...own, traceparent } : { ...own, traceparent, tracestate };
};

/** The entry's records, in order, each with its lane. The values are views of the chunk's buffer. */
export const recordsOf = (
  from: InHand,
  skip: readonly number[],
  router: Router,
): readonly { readonly lane: Lane; readonly record: RelayRecord }[] => {
  const { chunkEvents } = from;
  const appendedAtMs = Number(from.id.split("-")[0]);
  const place = `${from.term.lease.shard}/${from.id}/`;
  const skipped = skip.length === 0 ? null : new Set(skip);
  const records: { lane: Lane; record: RelayRecord }[] = [];
  for (let index = 0; index < chunkEvents.length; index++) {
    if (skipped?.has(index)) continue;
    const event = chunkEvents[index]!;
    const { type, partitionKey, replay, bytes } = event;
    const headers = headersOf(event, place + index, replay === 0 ? "1" : String(replay + 1));
    // Brokers refuse times that are more than an hour ahead, so an edge whose clock is wrong would send its events to the
    // dead letters: the entry's id, which is Redis's clock and never earlier than the ingest, caps it.
    const timestampMs = Math.min(receivedAtMsOf(from, index), appendedAtMs);
    const record = { key: partitionKey, value: bytes, headers, timestampMs, from, index };
    records.push({ lane: router.laneOf(type, partitionKey), record });
  }
  return records;
};
