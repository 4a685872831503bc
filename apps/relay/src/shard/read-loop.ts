import type { Entry } from "@spillway/event";
import { createBackoff, SHARD_RETRY } from "../backoff.ts";
import type { Answer } from "../dependencies.ts";
import type { Door } from "./door.ts";
import type { PumpParts } from "./pump.ts";

/** A blocking read is asked again after this, so a reader that nobody waits for any more is soon gone. */
const READ_WAIT_MS = 1_000;
/** The same while nothing happens at all: it is one command for all shards, which may be paid for. */
const READ_WAIT_IDLE_MS = 5_000;
const READ_ENTRIES_MAX = 64;
const READ_ENTRIES_FIRST = 16;
/** Reads that bring little are kept apart under load: each costs both sides about 100 µs of CPU. */
const READ_APART_MS_MAX = 20;
const READ_BYTES_AIM = 2 * 1024 * 1024;
/** Lanes start sending at the latest after so many events of one read. */
const KICK_EVENTS = 1_024;

/** As many entries as make a read of about the bytes that we aim at. */
const entriesMaxOf = (entryBytes: number): number =>
  Math.max(1, Math.min(READ_ENTRIES_MAX, Math.floor(READ_BYTES_AIM / entryBytes)));

/** Reads the stream from its start to wherever it ends, and brings each entry to the door. */
export const createReadLoop = (parts: PumpParts, door: Door) => {
  const { shard, shardStream, mode, spot, window, router, topics, linger, clock, random, activity, onDoubt } = parts;
  const backoff = createBackoff(SHARD_RETRY, random);
  let after = "0";
  let isRewound = false;
  let isLost = false;
  let entryBytes = READ_BYTES_AIM / READ_ENTRIES_FIRST;
  let abandon: () => void = () => undefined;

  /** Null when it was abandoned. */
  const read = (): Promise<Answer<readonly Entry[]> | null> => {
    if (isRewound) after = "0";
    isRewound = false;
    window.readStarts();
    return new Promise((resolve, reject) => {
      abandon = () => resolve(null);
      const waitMs = activity.isIdle() ? READ_WAIT_IDLE_MS : READ_WAIT_MS;
      shardStream.read(shard, after, entriesMaxOf(entryBytes), waitMs).then(resolve, reject);
    });
  };

  const backOff = async (code: string): Promise<void> => {
    // What comes after a lost connection may be another server with older ids.
    isRewound = true;
    isLost = true;
    onDoubt();
    mode.enter("backing-off");
    spot.stands("reading", code, { shard });
    await clock.sleep(backoff.nextMs());
  };

  const admit = async (entries: readonly Entry[]): Promise<void> => {
    mode.enter("admitting");
    backoff.reset();
    spot.goes();
    if (isLost) onDoubt();
    isLost = false;
    if (entries.length === 0) window.forgetConfirmed();
    else activity.busy();
    router.turn();
    let sinceKick = 0;
    for (const entry of entries) {
      entryBytes += (entry.storedBytes - entryBytes) / 16;
      sinceKick += await door.admit(entry);
      if (!mode.isGoing()) return;
      after = entry.id;
      if (sinceKick < KICK_EVENTS) continue;
      topics.kick();
      sinceKick = 0;
    }
    topics.kick();
  };

  const rest = async (entries: number): Promise<void> => {
    const apartMs = entries < READ_ENTRIES_MAX / 2 ? linger.load() * READ_APART_MS_MAX : 0;
    if (apartMs > 0 && mode.resume("resting")) await clock.sleep(apartMs);
  };

  const run = async (): Promise<void> => {
    do {
      const answer = await read();
      if (answer === null || !mode.isGoing()) return;
      if (answer.ok) await admit(answer.value);
      else await backOff(answer.code);
      if (answer.ok && mode.isGoing()) await rest(answer.value.length);
    } while (mode.resume("reading"));
  };

  return {
    /** Ends when the pump is stopped. */
    run,
    /** The next read is from the start of the stream again. */
    rewind: (): void => {
      isRewound = true;
    },
    /** Waits no more for the answer of a read that is under way; it is of no use. */
    abandon: (): void => abandon(),
  };
};
