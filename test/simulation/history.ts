import type { Held } from "@spillway/edge/commit/result.ts";
import { DIGEST96_LENGTH, type SealedEvent, type ShardChunk } from "@spillway/event";

/**
 * Why one event must come out before another. `generation` counts how many diversions of the shard had ended before.
 *
 * - `looked`: the process to which the later one is sent has looked since, and heard, whether the outbox holds rows.
 * - `raised`: who accepted the earlier one into the outbox diverted the shard before it said so; `emptied` counts how often
 *   the streams, and with them the stamp, had been emptied by then.
 */
type Precedence =
  | { readonly before: EventRecord; readonly because: "same-process"; readonly process: string }
  | { readonly before: EventRecord; readonly because: "in-the-stream" | "committed-before" | "looked" }
  | { readonly before: EventRecord; readonly because: "raised"; readonly emptied: number }
  | { readonly before: EventRecord; readonly because: "diversion"; readonly generation: number }
  | { readonly before: EventRecord; readonly because: "same-request"; readonly request: number };

type Acceptance = {
  readonly by: string;
  readonly request: number;
  readonly index: number;
  /** Its place in the order of all that was accepted. */
  readonly nth: number;
  /** How often the streams had been emptied when its process diverted the shard for it, or had to; null: it could not. */
  readonly raisedIn: number | null;
};

/** All that is known about one event from outside: who sent it where, and what was answered. */
export type EventRecord = {
  readonly event: SealedEvent;
  readonly text: string;
  /** Processes through which it was tried. */
  readonly through: Set<string>;
  /** The first positive answer: the process that gave it, the request, and the event's place in it. */
  accepted: Acceptance | null;
  /** A tier recorded it, at any time. */
  durable: boolean;
  /** Postgres had a copy of it beside the stream, at any time. */
  copied: boolean;
  /** How many diversions of its shard had ended when it first entered the stream. */
  enteredInGeneration: number | null;
  /** How often the streams had been emptied when it first entered one. */
  enteredAfterEmptied: number | null;
  /** It was answered that both tiers have it, or the outbox has it and it is to be in both: then it may not be lost with the stream. */
  safe: boolean;
  /** So by its first answer, and no duplicate of what another request had brought: else its copy is behind what came in between. */
  safeInPlace: boolean;
  /** How often it entered the stream as a new one. */
  copies: number;
  /** An edge brought it there. */
  posted: boolean;
  /** A relay brought it there, or not, and had no answer: it may enter any time, once more. */
  inDoubt: boolean;
  /** How many rows of it the outbox has had, but for those of a replay. */
  rows: number;
  /** It was pending in a stream that was emptied: the one loss that is allowed. */
  wiped: boolean;
  /** Postgres went back behind a copy of it. */
  copyLost: boolean;
  /** How many rows of the outbox of it Postgres lost when it went back, of those that an edge had put there. */
  rowsLost: number;
  /** A row of it that no edge had put there, or a parked one, or its dead letter was lost so: of that nobody keeps accounts. */
  untold: boolean;
  /** It was parked, and Postgres has gone back and has it no more. */
  unparked: boolean;
  /** It was parked when Redis went back: no mark that is missing since lets anything newer pass it. */
  parkedThen: boolean;
  /** It was so, answered, and in its place: so it comes back in that place. What was not answered yet may have been sent again meanwhile. */
  comesBack: boolean;
  /** A topic refused it for good, so that it has lost its place. */
  refused: boolean;
  /** The stream entries of it that were damaged, each as shard/id; after the streams were emptied it may be in another one. */
  readonly damagedIn: Set<string>;
  readonly precedences: Precedence[];
};

const textOf = (event: SealedEvent): string => new TextDecoder().decode(event.bytes);

/** The log that the checkers read. It sees both ends, and never what the processes between them believe. */
export const createHistory = (shards: number) => {
  const byText = new Map<string, EventRecord>();
  const byDedupKey = new Map<string, EventRecord>();
  const acceptedOfKey = new Map<string, EventRecord[]>();
  const diverted = Array.from({ length: shards }, () => false);
  const generation = Array.from({ length: shards }, () => 0);
  /** Emptied, and no owner has ended the diversion with which it is begun anew. */
  const unopened = new Set<number>();
  const intrusions: number[] = [];
  const damagedEntries = new Set<string>();
  /** Of each process and shard the last acceptance that a look of it may have seen. */
  const looked = new Map<string, number>();
  const raises = new Map<string, (shard: number) => number | null>();
  let acceptances = 0;
  let emptied = 0;
  let requests = 0;
  let outboxChunks = 0;
  let relayLives = 0;

  const open = (event: SealedEvent): EventRecord => {
    const known = byDedupKey.get(event.dedupKey);
    if (known) return known;
    const record: EventRecord = {
      event,
      text: textOf(event),
      through: new Set(),
      accepted: null,
      durable: false,
      copied: false,
      enteredInGeneration: null,
      enteredAfterEmptied: null,
      safe: false,
      safeInPlace: false,
      copies: 0,
      posted: false,
      inDoubt: false,
      rows: 0,
      wiped: false,
      copyLost: false,
      rowsLost: 0,
      untold: false,
      unparked: false,
      parkedThen: false,
      comesBack: false,
      refused: false,
      damagedIn: new Set(),
      precedences: [],
    };
    byDedupKey.set(event.dedupKey, record);
    byText.set(record.text, record);
    return record;
  };

  const precedenceOf = (before: EventRecord, process: string): Precedence | null => {
    const { shard } = before.event;
    if (before.enteredInGeneration !== null) return { before, because: "in-the-stream" };
    if (before.accepted?.by === process) return { before, because: "same-process", process };
    const accepted = before.accepted;
    if (accepted && accepted.nth <= (looked.get(`${process} ${shard}`) ?? 0)) return { before, because: "looked" };
    if (accepted?.raisedIn === emptied) return { before, because: "raised", emptied };
    if (diverted[shard]) return { before, because: "diversion", generation: generation[shard] ?? 0 };
    return null;
  };

  const isNew = (record: EventRecord): boolean => record.through.size === 0;

  /** The promises that the first attempt of an event makes, given what was accepted before it. */
  const promise = (record: EventRecord, process: string, request: number, earlier: readonly EventRecord[]): void => {
    const { partitionKey } = record.event;
    if (partitionKey === null) return;
    for (const before of acceptedOfKey.get(partitionKey) ?? []) {
      const precedence = precedenceOf(before, process);
      if (precedence) record.precedences.push(precedence);
    }
    for (const before of earlier)
      if (before.event.partitionKey === partitionKey)
        record.precedences.push({ before, because: "same-request", request });
  };

  const accept = (record: EventRecord, by: string, request: number, index: number, raisedIn: number | null): void => {
    if (record.accepted) return;
    record.accepted = { by, request, index, nth: ++acceptances, raisedIn };
    const key = record.event.partitionKey;
    if (key === null) return;
    const list = acceptedOfKey.get(key) ?? [];
    list.push(record);
    acceptedOfKey.set(key, list);
  };

  const divert = (shard: number, begin: boolean): void => {
    if (!begin) generation[shard] = (generation[shard] ?? 0) + 1;
    if (!begin) unopened.delete(shard);
    diverted[shard] = begin;
  };

  const recordsOf = (chunk: ShardChunk): EventRecord[] => {
    const records: EventRecord[] = [];
    for (let at = 0; at < chunk.dedupKeys.length; at += DIGEST96_LENGTH) {
      const record = byDedupKey.get(chunk.dedupKeys.slice(at, at + DIGEST96_LENGTH));
      if (record) records.push(record);
    }
    return records;
  };

  return {
    /** A request is about to be sent; answers its number. */
    attempted: (events: readonly SealedEvent[], process: string): number => {
      const request = ++requests;
      const records = events.map(open);
      const earlier: EventRecord[] = [];
      for (const record of records) {
        if (isNew(record)) {
          promise(record, process, request, earlier);
          earlier.push(record);
        }
        record.through.add(process);
      }
      return request;
    },
    accepted: (event: SealedEvent, process: string, request: number, index: number): EventRecord => {
      const record = open(event);
      accept(record, process, request, index, raises.get(process)?.(event.shard) ?? null);
      return record;
    },
    /** Who knows of a process in which Redis it has diverted a shard for what it accepts now. */
    watchRaises: (process: string, raisedIn: (shard: number) => number | null): void =>
      void raises.set(process, raisedIn),
    timesEmptied: (): number => emptied,
    /** To be called when a look at the outbox is executed; answers what to call when its process has the answer. */
    looks: (process: string, shards: readonly number[]): (() => void) => {
      const upTo = acceptances;
      return () => {
        for (const shard of shards) looked.set(`${process} ${shard}`, upTo);
      };
    },
    /** Whether the shard was diverted for an event that is not in the stream yet, in streams that were not emptied since. */
    isRaised: (shard: number): boolean =>
      [...byDedupKey.values()].some(
        ({ event, accepted, enteredInGeneration, rowsLost, untold }) =>
          event.shard === shard &&
          accepted?.raisedIn === emptied &&
          enteredInGeneration === null &&
          // Its row may be gone.
          rowsLost === 0 &&
          !untold,
      ),
    /** The streams are empty now. */
    emptied: (): void => {
      emptied++;
      for (let shard = 0; shard < shards; shard++) {
        divert(shard, false);
        unopened.add(shard);
      }
    },
    isUnopened: (shard: number): boolean => unopened.has(shard),
    /** By the tier that was answered. */
    held: (event: SealedEvent, tier: Held, kind: "accepted" | "duplicate"): void => {
      const record = open(event);
      const safe = tier === "both" || (tier === "outbox" && event.durability !== undefined);
      if (record.accepted === null) record.safeInPlace = safe && kind === "accepted";
      record.safe ||= safe;
    },
    isCopied: (event: SealedEvent): boolean => open(event).copied,
    isDurable: (event: SealedEvent): boolean => open(event).durable,
    /** An application inserts an event in its own transaction: all that was accepted by now has a lower id. */
    inserted: (event: SealedEvent): EventRecord => {
      const record = open(event);
      record.through.add("application");
      for (const before of acceptedOfKey.get(event.partitionKey ?? "") ?? [])
        record.precedences.push({ before, because: "committed-before" });
      return record;
    },
    committed: (record: EventRecord): void => {
      record.durable = true;
      record.rows++;
      accept(record, "application", ++requests, 0, null);
    },
    recordedInOutbox: (chunk: ShardChunk): void => {
      outboxChunks++;
      for (const record of recordsOf(chunk)) {
        record.durable = true;
        record.rows++;
      }
    },
    copied: (chunk: ShardChunk): void => {
      for (const record of recordsOf(chunk)) record.copied = true;
    },
    unanswered: (chunk: ShardChunk): void => {
      for (const record of recordsOf(chunk)) record.inDoubt = true;
    },
    /** Answers those that were new. */
    recordedInStream: (chunk: ShardChunk, duplicates: readonly number[], by: "edge" | "relay"): EventRecord[] => {
      const records = recordsOf(chunk);
      for (const [i, record] of records.entries()) {
        if (!duplicates.includes(i)) record.copies++;
        record.posted ||= by === "edge";
        record.durable = true;
        record.enteredInGeneration ??= generation[chunk.shard] ?? 0;
        record.enteredAfterEmptied ??= emptied;
      }
      return records.filter((_, i) => !duplicates.includes(i));
    },
    divert,
    /** The stream that held it was emptied. */
    wiped: (record: EventRecord): void => {
      record.wiped = true;
      record.comesBack = record.safeInPlace && record.accepted !== null && record.damagedIn.size === 0;
    },
    /** Redis goes back, and Postgres has it among the parked. */
    isParked: (record: EventRecord): void => {
      record.parkedThen = true;
    },
    /** Postgres went back and has it no more. */
    gone: (record: EventRecord, as: "row" | "parked" | "untold"): void => {
      if (as === "untold") record.untold = true;
      else record.rowsLost++;
      if (as === "parked") record.unparked = true;
    },
    /** Postgres went back and has no copy of it any more. */
    copyGone: (record: EventRecord): void => {
      record.copyLost = true;
    },
    /** An entry, named shard/id, cannot be decoded any more. */
    damaged: (entry: string, records: readonly EventRecord[]): void => {
      damagedEntries.add(entry);
      for (const record of records) record.damagedIn.add(entry);
    },
    isDamaged: (entry: string): boolean => damagedEntries.has(entry),
    /** A topic refused it for good. */
    refused: (text: string): void => {
      const record = byText.get(text);
      if (record) record.refused = true;
    },
    /** Somebody appended an event by hand. */
    intruded: (shard: number): void => void intrusions.push(shard),
    intruders: (shard: number): number => intrusions.filter((one) => one === shard).length,
    relayStarted: (): void => {
      relayLives++;
    },
    relayLives: (): number => relayLives,
    outboxChunks: (): number => outboxChunks,
    records: (): readonly EventRecord[] => [...byDedupKey.values()],
    ofText: (text: string): EventRecord | undefined => byText.get(text),
    ofDedupKey: (dedupKey: string): EventRecord | undefined => byDedupKey.get(dedupKey),
  };
};

export type History = ReturnType<typeof createHistory>;

/** An event may stand twice in a request: what counts is the copy that was accepted. */
const isAcceptedBefore = (before: EventRecord, record: EventRecord, request: number): boolean =>
  before.accepted?.request === request &&
  record.accepted?.request === request &&
  before.accepted.index < record.accepted.index;

/** Whether the promise held until the end, so that it must show in the topic. */
export const isBinding = (record: EventRecord, precedence: Precedence): boolean => {
  const { before } = precedence;
  // What both tiers had comes back in its order; what came in before the loss was seen may be ahead of it.
  if (before.wiped && !(before.comesBack && record.comesBack)) return false;
  // It may have been sent again.
  if (before.rowsLost > 0 || before.untold) return false;
  switch (precedence.because) {
    case "same-process":
    case "looked":
      return record.through.size === 1;
    case "raised":
      return record.enteredAfterEmptied === precedence.emptied;
    case "same-request":
      // It may have been tried again through another process, and have come out from there.
      return record.through.size === 1 && isAcceptedBefore(before, record, precedence.request);
    case "diversion":
      return before.enteredInGeneration === precedence.generation;
    default:
      return true;
  }
};
