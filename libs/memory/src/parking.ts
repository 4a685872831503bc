import type { Clock, ParkedEvent, ParkedPlace, ParkedRow, ParkedTopic, Parking } from "@spillway/event";
import type { Outages } from "./outages.ts";

type Topic = Omit<ParkedTopic, "events" | "bytes"> & { readonly rows: readonly ParkedRow[] };

const nameOf = (shard: number, topic: string): string => `${shard}/${topic}`;
const placeOf = ({ ref, index }: ParkedPlace): string => `${ref} ${index}`;
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
    /** Answers the first id under which they are there. */
    put: (shard: number, topic: string, events: readonly ParkedEvent[]): string | null => {
      const rows = topics.get(nameOf(shard, topic))?.rows ?? [];
      const here = [...topics.values()].filter((one) => one.shard === shard).flatMap((one) => one.rows);
      const places = new Set(here.map(placeOf));
      const fresh = events.filter((event) => !places.has(placeOf(event)));
      const added = fresh.map((event) => ({ ...event, id: String(++sequence) }));
      change(shard, topic, { rows: [...rows, ...added] });
      const put = new Set(events.map(placeOf));
      const ids = [...here, ...added].filter((row) => put.has(placeOf(row))).map(({ id }) => Number(id));
      return ids.length === 0 ? null : String(Math.min(...ids));
    },
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

export const createParking = (table: ParkedTable, { behind }: Outages): Parking => ({
  open: behind("postgres", ({ shard, token }, topic, why) =>
    table.open(shard, topic, token, why?.code ?? null) ? "ok" : "fenced",
  ),
  put: behind("postgres", ({ shard, token }, topic, events, { eventsMax, bytesMax }) => {
    if (!table.owns(shard, topic, token)) return { kind: "fenced" };
    if (!table.hasRoom(topic, eventsMax, bytesMax)) return { kind: "full" };
    return { kind: "ok", first: table.put(shard, topic, events) };
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
