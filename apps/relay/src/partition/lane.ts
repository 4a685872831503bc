import {
  type Clock,
  type DeadLetter,
  type DeadLetters,
  type Outcome,
  receivedAtMsOf,
  type Sink,
} from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import { attempt } from "../attempt.ts";
import { createBackoff } from "../backoff.ts";
import type { Term } from "../lease/term.ts";
import type { Measures } from "../measures.ts";
import { type RelayRecord, recordDone } from "../shard/in-hand.ts";
import type { Gathering } from "./gathering.ts";
import { createPace } from "./pace.ts";
import { createRecordQueue } from "./record-queue.ts";
import { createRefusals } from "./refusals.ts";

type Retriable = Extract<Outcome, { kind: "retriable" }>;
type Fatal = Extract<Outcome, { kind: "fatal" }>;

/** Why a lane stands still. `paused` needs an operator; the others end by themselves. */
export type LaneTrouble = {
  readonly state: "retrying" | "paused" | "dead-letters";
  readonly code: string;
};

export type LaneOptions = {
  readonly sink: Pick<Sink, "publish">;
  readonly deadLetters: DeadLetters;
  /** The same for all lanes. */
  readonly gathering: Pick<Gathering, "waitMs">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly measures: Measures;
  /** Cuts a lane's waiting short when everything is over. */
  readonly signal: AbortSignal;
  /** Runs a loop in the background; its rejection ends the relay. */
  readonly start: (loop: Promise<void>) => void;
};

/**
 * The way into one partition, for all shards of the process: first in, first out, one publish in flight. A fault that
 * may pass stops the lane, so that nothing newer of the partition overtakes what it holds back.
 */
export type Lane = {
  readonly topic: string;
  readonly partition: number;
  readonly trouble: LaneTrouble | null;
  /** Records in memory, those of the running publish included. */
  readonly records: number;
  push(record: RelayRecord): void;
  /** Starts sending unless it does already. */
  kick(): void;
  /** Forgets what has not been sent of a term that is over. */
  drop(term: Term): void;
};

/** Records of a batch that are sent together; two halves of them after a refusal. */
type Segment = {
  records: readonly RelayRecord[];
  /** Publishes that these records were part of. */
  attempts: number;
  /** Outcomes with an `attemptsMax` in these attempts; an outage in between does not count. */
  suspicions: number;
};

/** The broker's limit for a batch is 1,048,588 bytes by default; what the estimate misses fits in between. */
const BATCH_BYTES_MAX = 900_000;
const RETRY = { firstMs: 100, mostMs: 5_000 } as const;
const PAUSE = { firstMs: 1_000, mostMs: 30_000 } as const;

/** The records that may be sent now. Those of a term that is over are gone for good: its next owner reads them again. */
const sendable = (records: readonly RelayRecord[]): readonly RelayRecord[] => {
  let term: Term | null = null;
  for (const { from } of records) {
    if (from.term === term) continue;
    term = from.term;
    if (!term.holds()) return records.filter((record) => record.from.term.holds());
  }
  return records;
};

const deadLetterOf = (record: RelayRecord, fatal: Fatal, topic: string, attempts: number): DeadLetter => {
  const { from, index } = record;
  const event = from.chunkEvents[index];
  return {
    shard: from.term.lease.shard,
    entry: from.id,
    index,
    deadLetterClass: fatal.deadLetterClass,
    code: fatal.code,
    detail: `Kafka refused this event for topic ${topic} after ${attempts} attempts: ${fatal.code}.`,
    topic,
    type: event?.type ?? null,
    partitionKey: record.key,
    traceparent: event?.traceparent ?? null,
    ...(event?.tracestate === undefined ? null : { tracestate: event.tracestate }),
    identity: event?.identity ?? null,
    replay: event?.replay ?? 0,
    attempts,
    receivedAtMs: receivedAtMsOf(from, index),
    bytes: record.value,
  };
};

export const createLane = (topic: string, partition: number, options: LaneOptions): Lane => {
  const { sink, deadLetters, gathering, clock, random, log, measures, signal, start } = options;
  const labels = { topic, partition: String(partition) };
  const queue = createRecordQueue();
  const pace = createPace();
  const retryBackoff = createBackoff(RETRY, random);
  const pauseBackoff = createBackoff(PAUSE, random);
  const refusals = createRefusals();
  /** What is left of the batch under way, the oldest on top. */
  const work: Segment[] = [];
  let running = false;
  let paused = false;
  let inWork = 0;
  let trouble: LaneTrouble | null = null;

  const setTrouble = (next: LaneTrouble | null): void => {
    const last = trouble?.state;
    trouble = next;
    if (last === next?.state) return;
    measures.laneBlocked.set(next ? 1 : 0, labels);
    measures.lanePaused.set(next?.state === "paused" ? 1 : 0, labels);
    if (next)
      log(next.state === "paused" ? "error" : "warn", `lane.${next.state}`, { topic, partition, code: next.code });
    else log("info", "lane.recovered", { topic, partition });
  };

  const standStill = async (state: LaneTrouble["state"], code: string): Promise<void> => {
    setTrouble({ state, code });
    await clock.sleep((state === "paused" ? pauseBackoff : retryBackoff).nextMs(), signal);
  };

  const send = async (segment: Segment): Promise<Outcome> => {
    const { records } = segment;
    segment.attempts++;
    const startedAtMs = clock.monotonicMs();
    const outcome = await sink.publish(topic, partition, records);
    const latencyMs = clock.monotonicMs() - startedAtMs;
    measures.records.add(records.length, { topic, outcome: outcome.kind });
    measures.publishSeconds.observe(latencyMs / 1000, { outcome: outcome.kind });
    if (outcome.kind === "ok") pace.confirmed(records.length, latencyMs, queue.length);
    else pace.failed();
    return outcome;
  };

  /** Ends when the dead letters hold the record, or when it is the next owner's to put there. */
  const bury = async (record: RelayRecord, fatal: Fatal, attempts: number): Promise<void> => {
    const letter = deadLetterOf(record, fatal, topic, attempts);
    while (record.from.term.holds()) {
      const answer = await attempt(deadLetters.put([letter]));
      if (answer.ok) {
        measures.deadLetters.add(1, { class: fatal.deadLetterClass });
        record.from.dead++;
        recordDone(record.from);
        return;
      }
      await standStill("dead-letters", answer.code);
    }
  };

  /** Takes a refused segment apart, the older half first; a record alone goes to the dead letters. */
  const takeApart = async (segment: Segment, fatal: Fatal): Promise<void> => {
    const { records, attempts } = segment;
    const suspicions = Math.max(0, segment.suspicions - 1);
    const isTooMuch = refusals.refused(fatal, records.length);
    const middle = records.length >> 1;
    const [only] = records;
    if (middle === 0 && only) await bury(only, fatal, attempts);
    else {
      work.push({ records: records.slice(middle), attempts, suspicions });
      work.push({ records: records.slice(0, middle), attempts, suspicions });
    }
    if (!isTooMuch) return;
    paused = true;
    await standStill("paused", fatal.code);
  };

  /** Not now; or, after as many attempts as the outcome allows, a refusal. */
  const tryAgain = async (segment: Segment, outcome: Retriable): Promise<void> => {
    const { code, pause, attemptsMax } = outcome;
    if (attemptsMax !== undefined) segment.suspicions++;
    if (attemptsMax !== undefined && segment.suspicions >= attemptsMax)
      return takeApart(segment, { kind: "fatal", code, deadLetterClass: "rejected" });
    work.push(segment);
    await standStill(pause ? "paused" : "retrying", code);
  };

  const conclude = async (segment: Segment, outcome: Outcome): Promise<void> => {
    if (outcome.kind === "fatal") return takeApart(segment, outcome);
    if (outcome.kind === "retriable") return tryAgain(segment, outcome);
    for (const record of segment.records) recordDone(record.from);
    refusals.taken();
    retryBackoff.reset();
    if (!paused) setTrouble(null);
  };

  const takeBatch = (): Segment => {
    const records = queue.take(pace.recordsMax, BATCH_BYTES_MAX);
    inWork = records.length;
    refusals.begin(records.length);
    return { records, attempts: 0, suspicions: 0 };
  };

  /** A batch that had to pause leaves the alarm on and the pauses long, until one goes through without. */
  const endBatch = (): void => {
    inWork = 0;
    if (!paused) {
      pauseBackoff.reset();
      setTrouble(null);
    }
    paused = false;
  };

  const run = async (): Promise<void> => {
    running = true;
    while (queue.length + work.length > 0 && !signal.aborted) {
      const gatherMs = work.length === 0 ? gathering.waitMs(queue.length) : 0;
      if (gatherMs > 0) await clock.sleep(gatherMs, signal);
      const segment = work.pop() ?? takeBatch();
      segment.records = sendable(segment.records);
      const outcome = segment.records.length > 0 ? await send(segment) : null;
      if (outcome) await conclude(segment, outcome);
      if (work.length === 0) endBatch();
    }
    running = false;
  };

  return {
    topic,
    partition,
    get trouble() {
      return trouble;
    },
    get records() {
      return queue.length + inWork;
    },
    push: queue.push,
    kick: () => {
      if (!running && queue.length > 0) start(run());
    },
    drop: queue.drop,
  };
};
