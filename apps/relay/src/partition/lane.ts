import type { Clock, DeadLetters, Outcome, Sink, SinkRecord, TopicTraits } from "@spillway/event";
import { createBackoff } from "../backoff.ts";
import type { Term } from "../lease/term.ts";
import type { Measures } from "../measures.ts";
import { type RelayRecord, recordDone } from "../shard/in-hand.ts";
import type { TroubleState, Troubles } from "../troubles.ts";
import { createBatchSize } from "./batch-size.ts";
import { Bisection, type Verdict } from "./bisection.ts";
import { createBurial } from "./burial.ts";
import { EVIDENCE_MS, type Evidence, evidenceOfLane } from "./evidence.ts";
import type { Linger } from "./linger.ts";
import { createRecordQueue } from "./record-queue.ts";
import { stamped } from "./record-time.ts";
import { freshSegment, type Segment } from "./segment.ts";

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
const RETRY = { firstMs: 100, mostMs: 5_000 } as const;
const PAUSE = { firstMs: 1_000, mostMs: 30_000 } as const;

export const createLane = (topic: string, partition: number, options: LaneOptions): Lane => {
  const { sink, deadLetters, recordAgeMsMax, linger, clock, random, troubles, measures, signal, start } = options;
  const labels = { topic, partition: String(partition) };
  const evidence = evidenceOfLane(options.evidence);
  const bisection = new Bisection(evidence);
  const queue = createRecordQueue();
  const batchSize = createBatchSize();
  const retryBackoff = createBackoff(RETRY, random);
  const pauseBackoff = createBackoff(PAUSE, random);
  let mayProbe = false;
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
    bisection.waited();
  };

  const bury = createBurial({
    topic,
    deadLetters,
    measures,
    standStill: (code) => standStill("dead-letters", code),
  });

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

  /** Nothing is held and something was taken, or nothing is left at all. */
  const calmDown = (): void => {
    bisection.calm();
    retryBackoff.reset();
    pauseBackoff.reset();
    go();
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
    bisection.waited();
    mayProbe = true;
  };

  const follow = async (verdict: Verdict): Promise<void> => {
    switch (verdict.kind) {
      case "next":
        return;
      case "calm":
        return calmDown();
      case "bury":
        return bury(verdict.refused);
      case "pause":
        return standStill(verdict.mode, verdict.code);
      case "doubt":
        return stand("paused", verdict.code);
      case "await":
        stand("paused", verdict.code);
        return pauseOrWake();
    }
  };

  const send = async (segment: Segment): Promise<void> => {
    const attempt = bisection.begin(segment);
    if (attempt === null) return;
    const { records, stamp } = attempt.segment;
    const sent = stamped(records, stamp, clock.wallMs(), recordAgeMsMax());
    const outcome = await publish(sent);
    if (outcome.kind === "ok") for (const { from } of records) recordDone(from);
    await follow(bisection.answered(attempt, outcome, sent));
  };

  /**
   * Records of a key that is held would pass what is held of it, for good if they are taken: while a topic is in doubt
   * that is tried with one record each half second, right after the oldest was refused once more.
   */
  const takeBatch = (): Segment | null => {
    if (queue.length === 0) return null;
    const { avoided } = bisection;
    const records =
      avoided === null
        ? queue.take(batchSize.recordsMax, BATCH_BYTES_MAX)
        : queue.takeOthers(avoided, batchSize.recordsMax, BATCH_BYTES_MAX);
    if (records.length === 0 && mayProbe) {
      mayProbe = false;
      records.push(...queue.take(1, BATCH_BYTES_MAX));
    }
    inWork = records.length;
    return records.length > 0 ? freshSegment(records) : null;
  };

  const next = (): Segment | null => {
    const left = bisection.next();
    if (left) return left;
    inWork = 0;
    return takeBatch();
  };

  const run = async (): Promise<void> => {
    running = true;
    while (!signal.aborted) {
      const lingerMs = bisection.isDone && queue.length > 0 ? linger.waitMs(queue.length) : 0;
      if (lingerMs > 0) {
        await clock.sleep(lingerMs, signal);
        bisection.waited();
      }
      const segment = next();
      if (segment) await send(segment);
      else if (bisection.held > 0) await follow(bisection.judge());
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
      return queue.length + inWork + bisection.held;
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
