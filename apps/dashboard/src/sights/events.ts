import {
  type Ahead,
  type Clock,
  DIGEST96_LENGTH,
  type EntryPlace,
  type EventName,
  type EventState,
  type Lookup,
  type PendingPlace,
  RECORD_ENTRY,
  Unavailable,
} from "@spillway/event";
import type { KafkaReader, RecordFound } from "@spillway/kafka/reader";

/** Where a relayed event is in Kafka, of the records of this time. */
export type KafkaSight =
  | ({ readonly fromMs: number; readonly untilMs: number } & RecordFound)
  | { readonly kind: "unknown"; readonly why: string };

/** What was asked for: a whole name, or just an id, by which not every event is known. */
export type EventAsked = { readonly id: string; readonly producer: string | null; readonly source: string | null };

/** By what it was found: its name; its id, of a letter; or what was asked for as an id was its dedup key. */
type KnownBy = "name" | "letter" | "dedup_key";

export type EventSight = {
  readonly knownBy: KnownBy;
  /** Null: it is not known by that. */
  readonly name: { readonly id: string | null; readonly source: string | null; readonly producer: string | null };
  readonly state: EventState | null;
  readonly kafka: KafkaSight | null;
  /** Of one that waits; null: unknown. */
  readonly ahead: Ahead | null;
};

/** On both sides of the time of its entry: a record has the time of the ingest. */
const WINDOW_MS = 5 * 60_000;
const LOOKUP_MS = 2_000;
/** A page that is open asks again every two seconds. */
const KEPT_MS = 30_000;
const KEPT_MAX = 100;

type Found = Pick<EventName, "id" | "source">;

const isEvent = (value: Uint8Array, { id, source }: Found): boolean => {
  try {
    const event = JSON.parse(new TextDecoder().decode(value)) as { id?: unknown; source?: unknown };
    return event.id === id && event.source === source;
  } catch {
    // Kafka holds what others write, too.
    return false;
  }
};

type KnownLetter = {
  readonly identity: string | null;
  readonly source: string | null;
  readonly eventId: string | null;
};

export type EventPorts = {
  readonly lookUp: Lookup;
  /** The newest letter of an event with this id, whosever, or of one event. */
  readonly letterOf: (by: { readonly id: string } | { readonly identity: string }) => Promise<KnownLetter | null>;
  readonly ahead: {
    readonly stream: (place: EntryPlace, deadlineMs: number) => Promise<Ahead | null>;
    readonly outbox: (
      place: { readonly shard: number; readonly row: string },
      deadlineMs: number,
    ) => Promise<Ahead | null>;
  };
  readonly shards: number;
  /** Null: the settings name no brokers. */
  readonly reader: Pick<KafkaReader, "find"> | null;
  readonly topics: () => Promise<readonly string[] | null>;
  readonly clock: Clock;
};

const createKafkaSights = ({ reader, topics, clock }: Pick<EventPorts, "reader" | "topics" | "clock">) => {
  const kept = new Map<string, { readonly atMs: number; readonly asked: Promise<KafkaSight> }>();

  const search = async (found: Found, { shard, entry }: EntryPlace): Promise<KafkaSight> => {
    if (reader === null) return { kind: "unknown", why: "KAFKA_BROKERS is not set for the dashboard" };
    const where = await topics();
    if (where === null) return { kind: "unknown", why: "no relay says to which topics it publishes" };
    const atMs = Number(entry.split("-")[0]);
    const times = { fromMs: atMs - WINDOW_MS, untilMs: atMs + WINDOW_MS };
    const isMeant = (value: Uint8Array) => isEvent(value, found);
    try {
      const header = { header: RECORD_ENTRY, beginning: `${shard}/${entry}/` };
      return { ...times, ...(await reader.find({ topics: where, ...header, isMeant, ...times })) };
    } catch (error) {
      if (error instanceof Unavailable) return { kind: "unknown", why: "Kafka does not answer" };
      throw error;
    }
  };

  return (found: Found, place: EntryPlace): Promise<KafkaSight> => {
    const key = JSON.stringify([found.id, found.source, place.shard, place.entry]);
    const last = kept.get(key);
    if (last !== undefined && clock.monotonicMs() - last.atMs < KEPT_MS) return last.asked;
    for (const [oldest] of kept) if (kept.size >= KEPT_MAX) kept.delete(oldest);
    const asked = search(found, place);
    kept.set(key, { atMs: clock.monotonicMs(), asked });
    return asked;
  };
};

type Known = Pick<EventSight, "knownBy" | "name"> & { readonly state: EventState };

/** Whether what was asked for can be a dedup key: it is a digest. */
const isDedupKey = (text: string): boolean => text.length === DIGEST96_LENGTH && /^[\w-]+$/.test(text);

const isSeen = ({ status }: EventState): boolean => status !== "not_seen" && status !== "unknown";

/** What became of one event, for operators: with its place in Kafka, or how many are ahead of it. */
export const createEventSights = (ports: EventPorts) => {
  const { lookUp, letterOf, ahead, shards } = ports;
  const all = Array.from({ length: shards }, (_, shard) => shard);
  const inKafka = createKafkaSights(ports);

  const byName = async (name: EventName): Promise<Known> => ({
    knownBy: "name",
    name,
    state: await lookUp({ ...name, shards: all }, LOOKUP_MS),
  });

  /** By an id alone a dead letter is known, and what is known by a digest, if it is one. */
  const byId = async (id: string): Promise<Known> => {
    const own = await byName({ producer: "", source: "/", id });
    if (isSeen(own.state)) return own;
    const letter = await letterOf({ id });
    if (letter !== null && letter.identity !== null) {
      const state = await lookUp({ identity: letter.identity, shards: all }, LOOKUP_MS);
      return { knownBy: "letter", name: { id, source: letter.source, producer: null }, state };
    }
    if (!isDedupKey(id)) return own;
    const state = await lookUp({ identity: id, shards: all }, LOOKUP_MS);
    const its = await letterOf({ identity: id });
    if (!isSeen(state) && its === null) return own;
    return {
      knownBy: "dedup_key",
      name: { id: its?.eventId ?? null, source: its?.source ?? null, producer: null },
      state,
    };
  };

  const askAhead = async (place: PendingPlace): Promise<Ahead | null> => {
    if ("entry" in place) return ahead.stream(place, LOOKUP_MS);
    return "row" in place ? ahead.outbox(place, LOOKUP_MS) : null;
  };

  const aheadOf = async (state: EventState): Promise<Ahead | null> => {
    try {
      return state.status === "pending" ? await askAhead(state) : null;
    } catch (error) {
      if (error instanceof Unavailable) return null;
      throw error;
    }
  };

  const kafkaOf = async ({ name, state }: Known): Promise<KafkaSight | null> => {
    if (state.status !== "relayed") return null;
    const { id, source } = name;
    if (id === null || source === null) return { kind: "unknown", why: "a dedup key does not say the event's id" };
    return inKafka({ id, source }, state);
  };

  return async ({ id, producer, source }: EventAsked): Promise<EventSight> => {
    const isNamed = producer !== null || source !== null;
    const name = { id, producer: producer ?? "", source: source ?? `/${producer ?? ""}` };
    try {
      const known = await (isNamed ? byName(name) : byId(id));
      return { ...known, kafka: await kafkaOf(known), ahead: await aheadOf(known.state) };
    } catch (error) {
      if (error instanceof Unavailable) return { knownBy: "name", name, state: null, kafka: null, ahead: null };
      throw error;
    }
  };
};

export type EventSights = ReturnType<typeof createEventSights>;
