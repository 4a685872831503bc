import type { Chunk, Clock, DeadLetters, Entry, Platform, ShardStream } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import { type Answer, attempt } from "../attempt.ts";
import { createBackoff, SHARD_RETRY } from "../backoff.ts";
import type { Term } from "../lease/term.ts";
import type { Measures } from "../measures.ts";
import { createNotifier } from "../notifier.ts";
import type { Linger } from "../partition/linger.ts";
import type { Topics } from "../partition/topics.ts";
import type { TroubleState, Troubles } from "../troubles.ts";
import type { InHand } from "./in-hand.ts";
import { createRouter, handOver, takeInHand } from "./records.ts";
import { createSettlement } from "./settlement.ts";
import { decodeOrReason, undecodableLetter } from "./undecodable.ts";

export type PumpOptions = {
  readonly term: Term;
  readonly stream: Pick<ShardStream, "read" | "settle">;
  readonly deadLetters: DeadLetters;
  readonly topics: Topics;
  readonly linger: Pick<Linger, "load">;
  readonly topicOf: (type: string) => string;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly measures: Measures;
  readonly troubles: Pick<Troubles, "spot">;
  /** How much this shard may hold in memory now. */
  readonly eventsMax: () => number;
  readonly bytesMax: () => number;
  /** Entries that an earlier term of this process saw confirmed and not settled: ref → events of it that are dead. */
  readonly confirmed: Map<string, number>;
};

/** The loop of one shard for one term: reads the stream, hands records to the lanes, settles what is done. */
export type Pump = {
  /** Ends when the term is over, or after `finish` when nothing is in hand. */
  run(): Promise<void>;
  /** Reads no more. */
  finish(): void;
  /** Reads from the start of the stream again; what is in hand is recognised. */
  rewind(): void;
  /** Entries read and not settled. */
  readonly entries: number;
  /** Ingest time of the oldest that was read; of one that is not in hand yet, the time of its append. */
  readonly oldestAtMs: number | null;
};

/** A blocking read is asked again after this, so a reader that nobody waits for any more is soon gone. */
const READ_WAIT_MS = 1_000;
const READ_ENTRIES_MAX = 64;
const READ_ENTRIES_FIRST = 16;
/** Reads that bring little are kept apart under load: each costs both sides about 100 µs of CPU. */
const READ_APART_MS_MAX = 20;
const READ_BYTES_AIM = 2 * 1024 * 1024;
/** Lanes start sending at the latest after so many events of one read. */
const KICK_EVENTS = 1_024;

export const createPump = (options: PumpOptions): Pump => {
  const { term, stream, deadLetters, topics, topicOf, platform, clock, random, log, measures, troubles } = options;
  const { eventsMax, bytesMax, confirmed, linger } = options;
  const { shard } = term.lease;
  const inHand = new Map<string, InHand>();
  /** An answer from the start of the stream may be older than a settlement that overtook it. */
  const settledSinceRead = new Set<string>();
  const router = createRouter(topicOf, topics.get);
  const room = createNotifier(clock);
  const readBackoff = createBackoff(SHARD_RETRY, random);
  const troubleBackoff = createBackoff(SHARD_RETRY, random);
  let events = 0;
  let dataBytes = 0;
  let finishing = false;
  let rewinding = false;
  let entryBytes = READ_BYTES_AIM / READ_ENTRIES_FIRST;
  let sinceKick = 0;
  /** Read, and waiting for what it needs before it is in hand. */
  let atDoor: Entry | null = null;
  const spot = troubles.spot("shard");
  let abandonRead: () => void = () => undefined;

  const going = (): boolean => !term.over && !finishing;

  const settlement = createSettlement({
    term,
    stream,
    clock,
    random,
    troubles,
    onSettled: (entries) => {
      for (const entry of entries) {
        inHand.delete(entry.ref);
        settledSinceRead.add(entry.ref);
        events -= entry.events;
      }
      room.notify();
    },
  });

  const complete = (entry: InHand): void => {
    entry.chunkEvents = [];
    // After the term's end only the memory of it is of use: its next term here need not publish the entry again.
    if (term.over) return void confirmed.set(entry.ref, entry.dead);
    dataBytes -= entry.dataBytes;
    measures.ageSeconds.observe(Math.max(0, clock.wallMs() - entry.receivedAtMs) / 1000);
    settlement.add(entry);
    room.notify();
  };

  const keep = (entry: InHand): void => {
    inHand.set(entry.ref, entry);
    events += entry.events;
    dataBytes += entry.dataBytes;
    sinceKick += entry.events;
  };

  const kick = (): void => {
    sinceKick = 0;
    topics.kick();
  };

  const enterRoom = async (): Promise<void> => {
    while (going() && inHand.size > 0 && (events >= eventsMax() || dataBytes >= bytesMax())) {
      kick();
      spot.stands("room", "in_flight_full", { shard });
      await room.wait();
    }
    spot.goes();
  };

  /** Nothing may follow an entry that could be neither relayed nor put aside: the shard waits. */
  const waitOut = async (state: TroubleState, code: string, topic?: string): Promise<void> => {
    spot.stands(state, code, topic === undefined ? { shard } : { shard, topic });
    kick();
    await clock.sleep(troubleBackoff.nextMs());
  };

  const goOn = (): void => {
    troubleBackoff.reset();
    spot.goes();
  };

  const buryChunk = async (entry: Entry, reason: string): Promise<void> => {
    const letter = undecodableLetter({ shard, entry: entry.id, events: entry.events }, entry.chunk, reason);
    while (going()) {
      const answer = await attempt(deadLetters.put([letter]));
      if (!answer.ok) {
        await waitOut("dead-letters", answer.code);
        continue;
      }
      goOn();
      log("error", "entry.undecodable", { shard, entry: entry.id, events: entry.events, reason });
      measures.deadLetters.add(entry.events, { class: "undecodable" });
      const empty = takeInHand(entry, { receivedAtMs: clock.wallMs(), events: [] }, term, complete);
      empty.dead = entry.events;
      keep(empty);
      return complete(empty);
    }
  };

  /** Without its partition count a topic's records cannot be placed. */
  const loadTopics = async (chunk: Chunk): Promise<void> => {
    for (let name = router.missing(chunk.events); name !== null && going(); name = router.missing(chunk.events)) {
      const outcome = await topics.load(name);
      if (outcome.kind === "ok") goOn();
      else await waitOut(outcome.kind === "retriable" && outcome.pause ? "paused" : "topic", outcome.code, name);
    }
  };

  const relay = async (entry: Entry, chunk: Chunk): Promise<void> => {
    if (router.missing(chunk.events) !== null) await loadTopics(chunk);
    if (!going()) return;
    const taken = takeInHand(entry, chunk, term, complete);
    keep(taken);
    handOver(taken, entry.skip, router, topics.push);
    if (taken.remaining === 0) complete(taken);
  };

  /** All its events were confirmed in an earlier term: it only has to leave the stream. */
  const settleKnown = (entry: Entry, dead: number): void => {
    confirmed.delete(entry.ref);
    const known = takeInHand(entry, { receivedAtMs: clock.wallMs(), events: [] }, term, complete);
    known.dead = dead;
    keep(known);
    complete(known);
  };

  const admit = async (entry: Entry): Promise<void> => {
    if (inHand.has(entry.ref) || settledSinceRead.has(entry.ref)) return;
    const dead = confirmed.get(entry.ref);
    if (dead !== undefined) return settleKnown(entry, dead);
    atDoor = entry;
    await enterRoom();
    if (!going()) return;
    const chunk = decodeOrReason(entry.chunk, platform);
    await (typeof chunk === "string" ? buryChunk(entry, chunk) : relay(entry, chunk));
  };

  /** Null when the pump stopped while it waited; the answer that comes later is of no use then. */
  const read = (after: string): Promise<Answer<readonly Entry[]> | null> => {
    const entriesMax = Math.max(1, Math.min(READ_ENTRIES_MAX, Math.floor(READ_BYTES_AIM / entryBytes)));
    settledSinceRead.clear();
    return new Promise((resolve, reject) => {
      abandonRead = () => resolve(null);
      attempt(stream.read(shard, after, entriesMax, READ_WAIT_MS)).then(resolve, reject);
    });
  };

  const readLoop = async (): Promise<void> => {
    let after = "0";
    while (going()) {
      if (rewinding) after = "0";
      rewinding = false;
      const answer = await read(after);
      if (answer === null || !going()) return;
      if (!answer.ok) {
        // What comes after a lost connection may be another server with older ids.
        rewinding = true;
        spot.stands("reading", answer.code, { shard });
        await clock.sleep(readBackoff.nextMs());
        continue;
      }
      readBackoff.reset();
      spot.goes();
      if (answer.value.length === 0) confirmed.clear();
      router.turn();
      for (const entry of answer.value) {
        entryBytes += (entry.storedBytes - entryBytes) / 16;
        await admit(entry);
        if (!going()) return;
        atDoor = null;
        if (sinceKick >= KICK_EVENTS) kick();
        after = entry.id;
      }
      kick();
      const apartMs = answer.value.length < READ_ENTRIES_MAX / 2 ? linger.load() * READ_APART_MS_MAX : 0;
      if (apartMs > 0) await clock.sleep(apartMs);
    }
  };

  const wakeAll = (): void => {
    abandonRead();
    room.notify();
    settlement.wake();
  };

  term.onEnd(() => {
    spot.end();
    for (const entry of settlement.unsettled()) confirmed.set(entry.ref, entry.dead);
    topics.drop(term);
    wakeAll();
  });

  return {
    run: async () => {
      await Promise.all([readLoop(), settlement.run(() => finishing && inHand.size === 0)]);
    },
    finish: () => {
      finishing = true;
      wakeAll();
    },
    rewind: () => {
      rewinding = true;
    },
    get entries() {
      return inHand.size;
    },
    get oldestAtMs() {
      for (const entry of inHand.values()) return entry.receivedAtMs;
      return atDoor === null ? null : Number(atDoor.id.split("-")[0]);
    },
  };
};
