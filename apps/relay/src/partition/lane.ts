import type { Clock, DeadLetters, Outcome, Sink, SinkRecord, TopicTraits } from "@spillway/event";
import { createBackoff } from "../backoff.ts";
import type { Term } from "../lease/term.ts";
import type { Measures } from "../measures.ts";
import { type RelayRecord, recordDone } from "../shard/in-hand.ts";
import type { TroubleState, Troubles } from "../troubles.ts";
import { createBatchSize } from "./batch-size.ts";
import { createBurial } from "./burial.ts";
import { EVIDENCE_MS, type Evidence } from "./evidence.ts";
import { createHeld } from "./held.ts";
import type { Linger } from "./linger.ts";
import { createRecordQueue } from "./record-queue.ts";
import { otherStamp, stamped } from "./record-time.ts";
import { type Fatal, freshSegment, partsOf, type Segment, sendable } from "./segment.ts";

type Retriable = Extract<Outcome, { kind: "retriable" }>;

export type LaneOptions = {
  readonly sink: Pick<Sink, "publish">;
  readonly deadLetters: DeadLetters;
  /** The topic's, the same for all of its lanes. */
  readonly evidence: Evidence;
  readonly recordAgeMsMax: () => TopicTraits["recordAgeMsMax"];
  /** The same for all lanes. */
  readonly linger: Pick<Linger, "waitMs">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly troubles: Pick<Troubles, "spot">;
  readonly measures: Measures;
  /** Cuts a lane's waiting short when everything is over. */
  readonly signal: AbortSignal;
  /** Runs a loop in the background; its rejection ends the relay. */
  readonly start: (loop: Promise<void>) => void;
};

/**
 * The way into one partition, for all shards of the process: first in, first out, one publish in flight. A fault that
 * may pass stops the lane, so that nothing newer of the partition overtakes what it holds back. A refused record does not:
 * it is held until it is known whether it or its topic is to blame, and what is behind it goes on.
 */
export type Lane = {
  readonly topic: string;
  readonly partition: number;
  readonly standsStill: boolean;
  /** Records in memory, those of the running publish included. */
  readonly records: number;
  push(record: RelayRecord): void;
  /** Starts sending unless it does already. */
  kick(): void;
  /** Forgets what has not been sent of a term that is over. */
  drop(term: Term): void;
};

/** The broker's limit for a batch is 1,048,588 bytes by default; what the estimate misses fits in between. */
const BATCH_BYTES_MAX = 900_000;
/** Up to so many refused in a row it goes on at once, in case that good ones follow one sender's poison. */
const SWEEP_RECORDS_MAX = 256;
const RETRY = { firstMs: 100, mostMs: 5_000 } as const;
const PAUSE = { firstMs: 1_000, mostMs: 30_000 } as const;

export const createLane = (topic: string, partition: number, options: LaneOptions): Lane => {
  const { sink, deadLetters, evidence, recordAgeMsMax, linger, clock, random, troubles, measures, signal, start } =
    options;
  const labels = { topic, partition: String(partition) };
  const queue = createRecordQueue();
  const batchSize = createBatchSize();
  const retryBackoff = createBackoff(RETRY, random);
  const pauseBackoff = createBackoff(PAUSE, random);
  /** What is left of the batch under way, the oldest on top. */
  const work: Segment[] = [];
  const held = createHeld();
  /** More is held than one sender's mistake explains. */
  let doubting = false;
  /** And what followed at once was refused, too: what has a key that is held is sent alone now, one a round. */
  let careful = false;
  let mayProbe = false;
  /** The latest publish of this lane that was confirmed, by the topic's evidence. */
  let ownTaken = 0;
  /** The topic may have been mended meanwhile: the oldest that is held goes before anything that would overtake it. */
  let hasWaited = false;
  let running = false;
  let inWork = 0;
  const spot = troubles.spot("lane");
  let wake: () => void = () => undefined;

  const stand = (state: TroubleState, code: string): void => {
    spot.stands(state, code, { topic, partition });
    measures.laneBlocked.set(1, labels);
    measures.lanePaused.set(state === "paused" ? 1 : 0, labels);
  };

  const go = (): void => {
    if (spot.state === null) return;
    spot.goes();
    measures.laneBlocked.set(0, labels);
    measures.lanePaused.set(0, labels);
  };

  const standStill = async (state: TroubleState, code: string): Promise<void> => {
    stand(state, code);
    await clock.sleep((state === "paused" ? pauseBackoff : retryBackoff).nextMs(), signal);
    hasWaited = true;
  };

  const bury = createBurial({
    topic,
    deadLetters,
    measures,
    standStill: (code) => standStill("dead-letters", code),
  });

  const takenSince = (moment: number): boolean => ownTaken > moment || evidence.takenSince(moment);

  const publish = async (records: readonly SinkRecord[]): Promise<Outcome> => {
    const startedAtMs = clock.monotonicMs();
    const outcome = await sink.publish(topic, partition, records);
    const latencyMs = clock.monotonicMs() - startedAtMs;
    measures.records.add(records.length, { topic, outcome: outcome.kind });
    measures.publishSeconds.observe(latencyMs / 1000, { outcome: outcome.kind });
    if (outcome.kind === "ok") batchSize.confirmed(records.length, latencyMs, queue.length);
    else batchSize.failed();
    return outcome;
  };

  const doubt = (code: string): void => {
    doubting = true;
    stand("paused", code);
  };

  /** Nothing is held and something was taken, or nothing is left at all. */
  const calmDown = (): void => {
    doubting = false;
    careful = false;
    retryBackoff.reset();
    pauseBackoff.reset();
    go();
  };

  /** Takes a refused segment apart; a record alone is a dead letter once it is known that its topic takes others. */
  const takeApart = async (segment: Segment, fatal: Fatal, isProven: boolean): Promise<void> => {
    const { bad, rest } = partsOf(segment, fatal);
    work.push(...rest.reverse());
    if (bad.length === 0) return;
    const { attempts, suspicions } = segment;
    const refused = bad.map((record) => ({ record, fatal, attempts, suspicions: Math.max(0, suspicions - 1) }));
    if (isProven) {
      held.forget(bad);
      return bury(refused);
    }
    held.refused(refused, evidence.now());
    hasWaited = false;
    if (held.records > evidence.refusedInARowMax) doubt(fatal.code);
    careful ||= held.records > SWEEP_RECORDS_MAX;
  };

  /** The time is of our own choosing: the other one at once, and if that is refused, too, some clock is wrong. */
  const retime = async (segment: Segment, code: string, sent: readonly SinkRecord[]): Promise<void> => {
    segment.stamp = otherStamp(segment.stamp, segment.records, sent);
    work.push(segment);
    if (++segment.retimed > 1) await standStill("paused", code);
  };

  /** Not now; or, after as many attempts as the outcome allows, a refusal. */
  const tryAgain = async (segment: Segment, outcome: Retriable, isProven: boolean): Promise<void> => {
    const { code, pause, attemptsMax } = outcome;
    if (attemptsMax !== undefined) segment.suspicions++;
    if (attemptsMax !== undefined && segment.suspicions >= attemptsMax)
      return takeApart(segment, { kind: "fatal", code, deadLetterClass: "rejected" }, isProven);
    work.push(segment);
    await standStill(pause ? "paused" : "retrying", code);
  };

  /** The topic takes others: what its own key has passed is dead, the rest of what is held is asked for once more. */
  const judgeHeld = async (): Promise<void> => {
    const passed = held.takePassed();
    if (passed.length > 0) await bury(passed);
    const fresh = work.filter((segment) => !segment.again);
    work.splice(0, work.length, ...fresh);
    held.recall();
    const again = held.again("all");
    if (again) work.push(again);
  };

  const taken = async (segment: Segment, startedAt: number): Promise<void> => {
    evidence.taken(startedAt);
    ownTaken = startedAt;
    for (const record of segment.records) recordDone(record.from);
    held.forget(segment.records);
    if (held.records > 0) await judgeHeld();
    else calmDown();
  };

  const send = async (segment: Segment): Promise<void> => {
    segment.records = sendable(segment.records);
    if (segment.records.length === 0) return;
    segment.attempts++;
    const records = stamped(segment.records, segment.stamp, clock.wallMs(), recordAgeMsMax());
    const isProven = segment.refusedAt !== null && takenSince(segment.refusedAt);
    const startedAt = evidence.now();
    held.pass(segment.records);
    const outcome = await publish(records);
    if (outcome.kind === "ok") return taken(segment, startedAt);
    held.passEnds(outcome.kind === "fatal" || outcome.retime ? "refused" : "unknown");
    if (outcome.kind === "fatal") return takeApart(segment, outcome, isProven);
    return outcome.retime ? retime(segment, outcome.code, records) : tryAgain(segment, outcome, isProven);
  };

  /**
   * Records of a key that is held would pass what is held of it, for good if they are taken: while a topic is in doubt
   * that is tried with one record each half second, right after the oldest was refused once more.
   */
  const takeBatch = (): Segment | null => {
    if (queue.length === 0) return null;
    const records = careful
      ? queue.takeOthers(held.keys(), batchSize.recordsMax, BATCH_BYTES_MAX)
      : queue.take(batchSize.recordsMax, BATCH_BYTES_MAX);
    if (records.length === 0 && mayProbe) {
      mayProbe = false;
      records.push(...queue.take(1, BATCH_BYTES_MAX));
    }
    inWork = records.length;
    return records.length > 0 ? freshSegment(records) : null;
  };

  const next = (): Segment | null => {
    // What is sent again is older than all that is held.
    const oldest = hasWaited && work.at(-1)?.again !== true ? held.again("oldest") : null;
    hasWaited = hasWaited && oldest === null;
    const left = oldest ?? work.pop();
    if (left) return left;
    inWork = 0;
    return takeBatch();
  };

  /** Until the pause is over; records that come, and whatever the topic takes elsewhere, end it. */
  const pauseOrWake = async (): Promise<void> => {
    const woken = new AbortController();
    wake = () => woken.abort();
    const ignore = evidence.listen(wake);
    const pauseMs = queue.length > 0 ? EVIDENCE_MS : pauseBackoff.nextMs();
    await clock.sleep(pauseMs, AbortSignal.any([signal, woken.signal]));
    ignore();
    if (woken.signal.aborted) await clock.sleep(EVIDENCE_MS, signal);
    hasWaited = true;
    mayProbe = true;
  };

  /** Nothing else is left to send: what is held waits for the topic to take anything. */
  const judge = async (): Promise<void> => {
    held.prune();
    if (held.records === 0) return;
    if (takenSince(held.refusedAt)) return judgeHeld();
    if (!doubting && evidence.mayGiveUp(held.records)) return bury(held.takeAll());
    doubt(held.code);
    careful = true;
    await pauseOrWake();
  };

  const run = async (): Promise<void> => {
    running = true;
    while (!signal.aborted) {
      const lingerMs = work.length === 0 && queue.length > 0 ? linger.waitMs(queue.length) : 0;
      if (lingerMs > 0) {
        await clock.sleep(lingerMs, signal);
        hasWaited = true;
      }
      const segment = next();
      if (segment) await send(segment);
      else if (held.records > 0) await judge();
      else break;
    }
    calmDown();
    running = false;
  };

  return {
    topic,
    partition,
    get standsStill() {
      return spot.state !== null;
    },
    get records() {
      return queue.length + inWork + held.records;
    },
    push: queue.push,
    kick: () => {
      if (queue.length === 0) return;
      if (running) wake();
      else start(run());
    },
    drop: (term) => {
      queue.drop(term);
      wake();
    },
  };
};
