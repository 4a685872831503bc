import {
  type Clock,
  type EntryPlace,
  type EventQuery,
  type EventState,
  type Lookup,
  Unavailable,
} from "@spillway/event";
import type { KafkaReader, RecordFound } from "@spillway/kafka/reader";

/** Where a relayed event is in Kafka, of the records of this time. */
export type KafkaSight =
  | ({ readonly fromMs: number; readonly untilMs: number } & RecordFound)
  | { readonly kind: "unknown"; readonly why: string };

export type EventSight = { readonly state: EventState | null; readonly kafka: KafkaSight | null };

export type EventName = Omit<EventQuery, "shards">;

/** On both sides of the time of its entry: a record has the time of the ingest. */
const WINDOW_MS = 5 * 60_000;
const LOOKUP_MS = 2_000;
/** A page that is open asks again every two seconds. */
const KEPT_MS = 30_000;
const KEPT_MAX = 100;

const isEvent = (value: Uint8Array, { id, source }: EventName): boolean => {
  try {
    const event = JSON.parse(new TextDecoder().decode(value)) as { id?: unknown; source?: unknown };
    return event.id === id && event.source === source;
  } catch {
    // Kafka holds what others write, too.
    return false;
  }
};

export type EventPorts = {
  readonly lookUp: Lookup;
  readonly shards: number;
  /** Null: the settings name no brokers. */
  readonly reader: Pick<KafkaReader, "find"> | null;
  readonly topics: () => Promise<readonly string[] | null>;
  readonly clock: Clock;
};

/** What became of one event, for operators: with its place in Kafka. */
export const createEventSights = ({ lookUp, shards, reader, topics, clock }: EventPorts) => {
  const all = Array.from({ length: shards }, (_, shard) => shard);
  const kept = new Map<string, { readonly atMs: number; readonly asked: Promise<KafkaSight> }>();

  const search = async (name: EventName, { shard, entry }: EntryPlace): Promise<KafkaSight> => {
    if (reader === null) return { kind: "unknown", why: "KAFKA_BROKERS is not set for the dashboard" };
    const where = await topics();
    if (where === null) return { kind: "unknown", why: "no relay says to which topics it publishes" };
    const atMs = Number(entry.split("-")[0]);
    const times = { fromMs: atMs - WINDOW_MS, untilMs: atMs + WINDOW_MS };
    const isMeant = (value: Uint8Array) => isEvent(value, name);
    try {
      const header = { header: "spillway-entry", beginning: `${shard}/${entry}/` };
      return { ...times, ...(await reader.find({ topics: where, ...header, isMeant, ...times })) };
    } catch (error) {
      if (error instanceof Unavailable) return { kind: "unknown", why: "Kafka does not answer" };
      throw error;
    }
  };

  const inKafka = (name: EventName, place: EntryPlace): Promise<KafkaSight> => {
    const key = JSON.stringify([name, place]);
    const last = kept.get(key);
    if (last !== undefined && clock.monotonicMs() - last.atMs < KEPT_MS) return last.asked;
    for (const [oldest] of kept) if (kept.size >= KEPT_MAX) kept.delete(oldest);
    const asked = search(name, place);
    kept.set(key, { atMs: clock.monotonicMs(), asked });
    return asked;
  };

  return async (name: EventName): Promise<EventSight> => {
    try {
      const state = await lookUp({ ...name, shards: all }, LOOKUP_MS);
      return { state, kafka: state.status === "relayed" ? await inKafka(name, state) : null };
    } catch (error) {
      if (error instanceof Unavailable) return { state: null, kafka: null };
      throw error;
    }
  };
};

export type EventSights = ReturnType<typeof createEventSights>;
