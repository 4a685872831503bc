import {
  type Clock,
  type ParkedEvent,
  type ParkedPlace,
  type ParkedPut,
  type ParkedRow,
  type ParkedTopic,
  type Parking,
  placeOf,
  type Writing,
} from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Advance } from "./outbox-tier.ts";

type Topic = Omit<ParkedTopic, "events" | "bytes"> & { readonly rows: readonly ParkedRow[] };

const nameOf = (shard: number, topic: string): string => `${shard}/${topic}`;
const bytesOf = (rows: readonly ParkedEvent[]): number => rows.reduce((sum, { chunk }) => sum + chunk.length, 0);

export type ParkedTable = ReturnType<typeof createParkedTable>;

/** What is parked: every method is one atomic step, as a statement is. */
export const createParkedTable = (clock: Clock) => {
  let topics = new Map<string, Topic>();
  let sequence = 0;

  const change = (shard: number, name: string, changed: Partial<Topic>): void => {
    const topic = topics.get(nameOf(shard, name));
    if (topic !== undefined) topics.set(nameOf(shard, name), { ...topic, ...changed });
  };

  /** Of all shards together. */
  const ofTopic = (name: string): readonly ParkedRow[] =>
    [...topics.values()].filter(({ topic }) => topic === name).flatMap(({ rows }) => rows);

  return {
    open: (shard: number, topic: string, token: number, code: string | null): boolean => {
      const last = topics.get(nameOf(shard, topic));
      if (last === undefined) {
        const opened = { shard, topic, token, sinceMs: clock.wallMs(), code: code ?? "unknown", died: 0, rows: [] };
        topics.set(nameOf(shard, topic), opened);
        return true;
      }
      if (last.token > token) return false;
      const isNew = last.rows.length === 0 && code !== null;
      change(shard, topic, { token, ...(isNew ? { sinceMs: clock.wallMs(), code } : null) });
      return true;
    },
    owns: (shard: number, topic: string, token: number): boolean => topics.get(nameOf(shard, topic))?.token === token,
    hasRoom: (topic: string, eventsMax: number, bytesMax: number): boolean =>
      ofTopic(topic).length < eventsMax && bytesOf(ofTopic(topic)) < bytesMax,
    put: (shard: number, topic: string, events: readonly ParkedEvent[], { writer, floor }: Writing): ParkedPut => {
      const rows = topics.get(nameOf(shard, topic))?.rows ?? [];
      const here = [...topics.values()].filter((one) => one.shard === shard).flatMap((one) => one.rows);
      const standing = new Map(here.map((row) => [placeOf(row), row]));
      const duplicates = [...events.keys()].filter((i) => standing.has(placeOf(events[i] as ParkedEvent)));
      const fresh = events.flatMap((event, i) =>
        duplicates.includes(i) ? [] : [{ ...event, id: String(++sequence), from: { writer, number: floor + i } }],
      );
      change(shard, topic, { rows: [...rows, ...fresh] });
      const known = duplicates.flatMap((i) => standing.get(placeOf(events[i] as ParkedEvent)) ?? []);
      const totals = new Map([[writer, floor + events.length]]);
      for (const { from } of known)
        if (from) totals.set(from.writer, Math.max(totals.get(from.writer) ?? 0, from.number + 1));
      const ids = [...known, ...fresh].map(({ id }) => Number(id));
      const first = ids.length === 0 ? null : String(Math.min(...ids));
      return { kind: "ok", first, totals: [...totals], duplicates };
    },
    /** The first of all that is parked. */
    find: (isMeant: (row: ParkedRow) => boolean): Pick<Topic, "topic" | "sinceMs"> | null =>
      [...topics.values()].find(({ rows }) => rows.some(isMeant)) ?? null,
    rows: (shard: number, topic: string): readonly ParkedRow[] => topics.get(nameOf(shard, topic))?.rows ?? [],
    remove: (shard: number, topic: string, relayed: readonly ParkedPlace[], dead: readonly ParkedPlace[]): void => {
      const rows = topics.get(nameOf(shard, topic))?.rows ?? [];
      const dying = new Set(dead.map(placeOf));
      const leaving = new Set([...relayed.map(placeOf), ...dying]);
      const died = rows.filter((row) => dying.has(placeOf(row))).length;
      const before = topics.get(nameOf(shard, topic))?.died ?? 0;
      change(shard, topic, { rows: rows.filter((row) => !leaving.has(placeOf(row))), died: before + died });
    },
    /** All as it is now, ids that will be given included, and what brings it back. */
    remember: (): (() => void) => {
      const then = { topics: new Map(topics), sequence };
      return () => {
        topics = new Map(then.topics);
        sequence = then.sequence;
      };
    },
    all: (): readonly ParkedTopic[] =>
      [...topics.values()].map(({ rows, ...topic }) => ({
        ...topic,
        events: rows.length,
        bytes: bytesOf(rows),
      })),
  };
};

export const createParking = (table: ParkedTable, { behind }: Outages, advance: Advance): Parking => ({
  open: behind("postgres", ({ shard, token }, topic, why) =>
    table.open(shard, topic, token, why?.code ?? null) ? "ok" : "fenced",
  ),
  put: behind("postgres", ({ shard, token }, topic, events, { eventsMax, bytesMax }, by): ParkedPut => {
    if (!table.owns(shard, topic, token)) return { kind: "fenced" };
    if (!table.hasRoom(topic, eventsMax, bytesMax)) return { kind: "full" };
    if (!advance(shard, by.writer, by.floor, events.length)) return { kind: "behind" };
    return table.put(shard, topic, events, by);
  }),
  oldest: behind("postgres", (shard, topic, after, rowsMax) =>
    table
      .rows(shard, topic)
      .filter(({ id }) => Number(id) > Number(after))
      .slice(0, rowsMax),
  ),
  remove: behind("postgres", (shard, topic, { relayed, dead }) => table.remove(shard, topic, relayed, dead)),
  topics: behind("postgres", (shards) => table.all().filter(({ shard }) => shards.includes(shard))),
});
