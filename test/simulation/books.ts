import {
  addRange,
  countOf,
  type Loss,
  missingOf,
  type Named,
  type Range,
  type Ranges,
  type ShardCopy,
  type Total,
} from "@spillway/event";
import type { EventRecord } from "./history.ts";

type Hearers = Map<EventRecord, Map<string, number>>;

/** What is known of what production code could know when it told how much is lost. */
export const createBooks = (nowMs: () => number) => {
  const copies = new Map<number, number>();
  /** Which number each event first had in its stream; what each relay last read of a shard; and how many of a writer it had as it copied that. */
  const numberOf = new Map<EventRecord, readonly [writer: string, number: number]>();
  const readBy = new Map<string, readonly Total[]>();
  const seenOf = new Map<string, number>();
  /** When the last of a process's records that arrived was sent. */
  const recordedAtMs = new Map<string, number>();
  const acceptedAtMs = new Map<EventRecord, number>();
  let wentBackAtMs = -1;
  const dead = new Set<string>();
  /** The processes that learned that Kafka has an event, and when. */
  const confirmedBy: Hearers = new Map();
  /** The processes that heard that it was parked. What comes of it from there on has its number no more. */
  const parkedBy: Hearers = new Map();
  /** Of each writer the numbers that a copy, or a row of the outbox, has ever said to be those of its events. */
  const namedOf = new Map<string, Range[]>();
  /** Numbers that a copy, or a row, was to name, and that nobody answered. */
  const unanswered: { readonly named: Named; readonly process: string; readonly atMs: number }[] = [];
  /** Redis would know what it had of them. */
  const forgotten = new Set<string>();
  /** The relays that said that something of a writer has ended, and when. */
  const endedBy = new Map<string, Map<string, number>>();
  const diedUntold = (process: string, atMs: number): boolean =>
    dead.has(process) && (recordedAtMs.get(process) ?? -1) <= atMs;
  const toldOf = (writer: string): Ranges => [
    ...(namedOf.get(writer) ?? []),
    ...unanswered.flatMap(({ named, process, atMs }) =>
      named.writer === writer && !diedUntold(process, atMs) ? [named.numbers] : [],
    ),
  ];
  /** Postgres has forgotten what ended of it, and so has everybody else. */
  const mayBeForgotten = (writer: string): boolean =>
    wentBackAtMs >= 0 && forgotten.has(writer) && allDiedUntold(endedBy.get(writer));
  const hears = (hearers: Hearers, record: EventRecord, process: string): void => {
    const by = hearers.get(record) ?? new Map<string, number>();
    hearers.set(record, by.has(process) ? by : by.set(process, nowMs()));
  };
  /** Also what was recorded before Postgres went back. */
  const allDiedUntold = (hearers: ReadonlyMap<string, number> | undefined): boolean =>
    [...(hearers ?? [])].every(([process, atMs]) => diedUntold(process, Math.max(atMs, wentBackAtMs)));
  return {
    counted: (process: string, shard: number, totals: readonly Total[]): void =>
      void readBy.set(`${process} ${shard}`, totals),
    copied: (process: string, shard: number, { losses }: ShardCopy): void => {
      if (losses !== null) copies.set(shard, (copies.get(shard) ?? 0) + 1);
      for (const [writer, total] of readBy.get(`${process} ${shard}`) ?? [])
        seenOf.set(writer, Math.max(total, seenOf.get(writer) ?? 0));
    },
    /** An edge brought these into the stream, the last of which is below the writer's total. */
    appended: (records: readonly EventRecord[], [writer, total]: Total): void => {
      for (const [i, record] of records.entries())
        if (!numberOf.has(record)) numberOf.set(record, [writer, total - records.length + i]);
    },
    /** Redis was seen to have it, and Postgres knows so. */
    wasSeen: (record: EventRecord): boolean => {
      const [writer, number] = numberOf.get(record) ?? ["", 0];
      return (seenOf.get(writer) ?? 0) > number;
    },
    copiesOf: (shard: number): number => copies.get(shard) ?? 0,
    accepted: (record: EventRecord): void => {
      if (!acceptedAtMs.has(record)) acceptedAtMs.set(record, nowMs());
    },
    recorded: (process: string, sentAtMs: number): void => void recordedAtMs.set(process, sentAtMs),
    /** What was recorded by now may be forgotten. */
    postgresWentBack: (): void => {
      wentBackAtMs = nowMs();
      seenOf.clear();
    },
    /** Redis has no total of it any more. */
    forgotten: (writer: string): void => void forgotten.add(writer),
    toldEnded: (writer: string, process: string): void => {
      endedBy.set(writer, (endedBy.get(writer) ?? new Map<string, number>()).set(process, nowMs()));
    },
    died: (process: string): void => void dead.add(process),
    /** Whether one that answers clients did. */
    anEdgeDied: (): boolean => [...dead].some((process) => process.startsWith("edge-")),
    confirmed: (record: EventRecord, process: string): void => hears(confirmedBy, record, process),
    /** It is parked, whoever hears of it. */
    parked: (record: EventRecord): void => void (parkedBy.has(record) || parkedBy.set(record, new Map())),
    heardParked: (record: EventRecord, process: string): void => hears(parkedBy, record, process),
    /** Its edge may have died before it told anybody but the client. */
    mayBeUntold: (record: EventRecord): boolean => {
      const by = record.accepted?.by;
      if (by === undefined || !dead.has(by)) return false;
      return (recordedAtMs.get(by) ?? -1) <= Math.max(acceptedAtMs.get(record) ?? 0, wentBackAtMs);
    },
    /** Whoever heard that it was parked may have died before Postgres heard it again. */
    parkedUntold: (record: EventRecord): boolean => allDiedUntold(parkedBy.get(record)),
    /** It was parked, and who saw it through may have died before Postgres, which has gone back, heard it again. */
    throughUntold: (record: EventRecord): boolean =>
      wentBackAtMs >= 0 && parkedBy.has(record) && allDiedUntold(confirmedBy.get(record)),
    named: ({ writer, numbers: [from, below] }: Named): void => {
      const ranges = namedOf.get(writer) ?? [];
      addRange(ranges, from, below);
      namedOf.set(writer, ranges);
    },
    /** Who appended them knows so, and tells it. */
    unnamed: (named: Named, process: string): void => void unanswered.push({ named, process, atMs: nowMs() }),
    /** How many of these were named ever, or would have been. */
    namedIn: (losses: readonly Loss[]): number =>
      losses.reduce((sum, { writer, events }) => {
        if (mayBeForgotten(writer)) return sum;
        const below = events.at(-1)?.[1] ?? 0;
        const unnamed = missingOf(below, toldOf(writer));
        return sum + countOf(missingOf(below, missingOf(below, events), unnamed));
      }, 0),
    /** Kafka has it, or it is parked, and every relay that was told so died before it told anybody, or told it again who had forgotten. */
    mayBeToldLost: (record: EventRecord): boolean =>
      [...(parkedBy.get(record) ?? confirmedBy.get(record) ?? [])].every(([process, atMs]) =>
        diedUntold(process, Math.max(atMs, wentBackAtMs)),
      ),
  };
};

export type Books = ReturnType<typeof createBooks>;
