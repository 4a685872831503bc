import { encodeChunk, type ParkedEvent, type ParkedPut, receivedAtMsOf, type Writing } from "@spillway/event";
import { createBackoff, SHARD_RETRY } from "../backoff.ts";
import { createNotifier } from "../notifier.ts";
import { type RelayRecord, recordParked } from "../shard/in-hand.ts";
import type { LotParts } from "./lot.ts";

/**
 * One statement's. What a topic has left in memory is parked in one moment, in every shard, and the event loop is everybody's: to make one of 500
 * events of 650 B, each deflated, took 92 to 219 ms beside a busy machine's other work, and held up all other topics; of 100 as they are, 2 to 42.
 */
const EVENTS_MAX = 100;
const BYTES_MAX = 512 * 1024;

type Asked = ParkedPut | { readonly kind: "retriable"; readonly code: string };

/** As many of the first as fit, at least one. A copy, since more come while they are put. */
const batchOf = (records: readonly RelayRecord[]): readonly RelayRecord[] => {
  let bytes = 0;
  const end = records.findIndex(({ value }, at) => {
    bytes += value.length;
    return at >= EVENTS_MAX || bytes > BYTES_MAX;
  });
  return records.slice(0, end < 0 ? records.length : Math.max(1, end));
};

/** Brings records into Postgres, in their order, one statement after the other; only then they count as done in the stream. */
export const createPutLoop = (parts: LotParts, onPut: (first: string | null) => void) => {
  const { term, topic, mode, spot, place, parking, writers, through, clock, random, measures } = parts;
  const { lease } = term;
  const limits = { eventsMax: parts.parkedEventsMax, bytesMax: parts.parkedBytesMax };
  const added = createNotifier(clock);
  const backoff = createBackoff(SHARD_RETRY, random);
  let queue: RelayRecord[] = [];

  // Alone an event hardly deflates, and to try it is most of what its chunk costs (500 of 650 B: 33 to 54 ms with it, 5 to 9 without).
  const platform = { ...parts.platform, deflate: (bytes: Uint8Array) => bytes };

  const eventOf = ({ from, index }: RelayRecord): ParkedEvent => {
    const event = from.chunkEvents[index];
    if (!event) throw new Error(`event ${index} of entry ${from.id} is parked, and the entry is done`);
    const chunk = encodeChunk({ receivedAtMs: receivedAtMsOf(from, index), events: [event] }, platform);
    return { ref: from.ref, index, chunk, dedupKey: event.dedupKey };
  };

  const parked = (records: readonly RelayRecord[], first: string | null): void => {
    backoff.reset();
    spot.goes();
    queue = queue.slice(records.length);
    measures.parkedRecords.add(records.length, { topic });
    for (const record of records) recordParked(record);
    onPut(first);
  };

  /** Under this process's own writer; at once under another one where Postgres has gone back behind that. */
  const ask = async (events: readonly ParkedEvent[]): Promise<Asked> => {
    const [answer] = await writers.parked
      .of(topic)
      .append([{ shard: lease.shard }], async ([one]): Promise<readonly Asked[]> => {
        const { from } = one as { readonly from: Writing };
        const put = await parking.put(lease, topic, events, limits, from);
        if (!put.ok) return [{ kind: "retriable", code: put.code }];
        // They stand there under another number, and under this one nowhere.
        if (put.value.kind === "ok")
          for (const index of put.value.duplicates)
            through.returned({ writer: from.writer, number: from.floor + index });
        return [put.value];
      });
    return answer as Asked;
  };

  const put = async (records: readonly RelayRecord[]): Promise<void> => {
    const answer = await ask(records.map(eventOf));
    // Also when the term ended meanwhile: they are there, and nobody else knows of it.
    if (answer.kind === "ok") return parked(records, answer.first);
    if (term.over) return;
    if (answer.kind === "fenced") return term.end("fenced");
    spot.stands("parking", answer.kind === "retriable" ? answer.code : `parking_${answer.kind}`, place);
    await clock.sleep(backoff.nextMs());
  };

  return {
    push: (record: RelayRecord): void => void queue.push(record),
    /** These are older than all that is here. */
    putFirst: (records: readonly RelayRecord[]): void => {
      queue = [...records, ...queue];
    },
    /** Nothing waits to be put, and no put is under way. */
    get isEmpty() {
      return queue.length === 0;
    },
    /** What waits to be put goes another way now. */
    takeAll: (): readonly RelayRecord[] => queue.splice(0),
    /** Ends with the term. */
    run: async (): Promise<void> => {
      while (!term.over) {
        if (queue.length > 0 && mode.is("parked", "returning")) await put(batchOf(queue));
        else await added.wait();
      }
    },
    wake: added.notify,
  };
};

export type PutLoop = ReturnType<typeof createPutLoop>;
