import type { Outcome, SinkRecord } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";
import { type RelayRecord, recordDone } from "../shard/in-hand.ts";
import { createBatches } from "./batches.ts";
import { Bisection, type Verdict } from "./bisection.ts";
import { createBurial } from "./burial.ts";
import { evidenceOfLane } from "./evidence.ts";
import { createFlight } from "./flight.ts";
import { createLaneMode, type Stillness } from "./lane-mode.ts";
import { observeAges } from "./record-ages.ts";
import { stamped } from "./record-time.ts";
import type { Segment } from "./segment.ts";
import { createStandstill } from "./standstill.ts";
import type { TopicShared } from "./topics.ts";

export type LaneOptions = RelayParts & TopicShared;

/**
 * The way into one partition, for all shards of the process: first in, first out, one publish in flight. A fault that
 * may pass stops the lane, so that nothing newer of the partition overtakes what it holds back. A refused record does not:
 * it is held until it is known whether it or its topic is to blame, and what is behind it goes on.
 *
 *   queue ──▶ Batches ──segment──▶ publish ──outcome──▶ Bisection ──verdict─┬─▶ next, calm
 *                ▲                                          │               ├─▶ bury                  Burial
 *                └────────── what is left or held ──────────┘               └─▶ pause, doubt, await   Standstill
 *
 * Which of these it does is its mode, and what it shows outside: lane-mode.ts has the diagram.
 */
export type Lane = {
  readonly topic: string;
  readonly partition: number;
  readonly standsStill: boolean;
  /** Since when its topic takes nothing, and why. */
  readonly stillness: Stillness | null;
  /** Records in memory, those of the running publish included. */
  readonly records: number;
  push(record: RelayRecord): void;
  /** Starts sending unless it does already. */
  kick(): void;
  /** Forgets what has not been sent of a term that is over. */
  drop(term: Term): void;
  /**
   * Gives up what it holds of a term, in no order, as soon as no publish is under way. What is being buried stays, and what
   * it knows to be passed by something newer of its key.
   */
  release(term: Term): Promise<readonly RelayRecord[]>;
  /** Whether it holds anything of a term. */
  holds(term: Term): boolean;
};

const createParts = (topic: string, partition: number, options: LaneOptions) => {
  const { sink, deadLetters, linger, clock, random, traces, troubles, measures, signal } = options;
  const evidence = evidenceOfLane(options.evidence);
  const bisection = new Bisection(evidence);
  const batches = createBatches(bisection, linger);
  const mode = createLaneMode({ topic, partition, spot: troubles.spot("lane"), clock, measures });
  const standstill = createStandstill({ mode, evidence, clock, random, signal });

  const bury = createBurial({
    topic,
    deadLetters,
    measures,
    signal,
    standStill: async (code) => {
      await standstill.backOff("dead-letters", code);
      bisection.waited("each");
    },
  });

  const publish = async (records: readonly SinkRecord[], mayStart: () => boolean): Promise<Outcome> => {
    const startedAtMs = clock.monotonicMs();
    const outcome = await sink.publish(topic, partition, records, mayStart);
    const latencyMs = clock.monotonicMs() - startedAtMs;
    measures.records.add(records.length, { topic, outcome: outcome.kind });
    measures.publishSeconds.observe(latencyMs / 1000, { outcome: outcome.kind });
    batches.sent(records.length, outcome, latencyMs);
    return outcome;
  };

  const ages = measures.ageSeconds.of({ topic });
  const confirmed = (records: readonly RelayRecord[]): void => {
    observeAges(records, clock.wallMs(), (times, ageMs, { headers }) =>
      ages.observe(ageMs / 1000, times, traces?.sampled(headers.traceparent)),
    );
    for (const record of records) recordDone(record);
  };

  return { bisection, batches, mode, standstill, bury, publish, confirmed, flight: createFlight() };
};

type Parts = ReturnType<typeof createParts>;

/** What was refused or failed before has met its end. */
const calm = ({ bisection, mode, standstill }: Parts): void => {
  bisection.calm();
  standstill.reset();
  mode.to("sending");
};

const rest = ({ bisection, mode, standstill }: Parts): void => {
  bisection.rest();
  standstill.reset();
  mode.to("idle");
};

const follow = async (verdict: Verdict, parts: Parts): Promise<void> => {
  const { bisection, batches, mode, standstill, bury } = parts;
  switch (verdict.kind) {
    case "next":
      return;
    case "calm":
      return calm(parts);
    case "bury":
      if (await bury(verdict.refused)) calm(parts);
      return;
    case "pause":
      // All of it was given up meanwhile.
      if (bisection.isClear) return;
      await standstill.backOff(verdict.mode, verdict.code);
      return bisection.waited("each");
    case "doubt":
      return mode.to("doubting", verdict.code);
    case "await":
      mode.to("doubting", verdict.code);
      await standstill.awaitEvidence(verdict.code, batches.waiting);
      // Four of which each is refused are seven requests: 200 poison records a second, all held, cost as many requests in rounds.
      bisection.waited(batches.waiting > 0 ? "one" : "each");
      return batches.roundBegins();
  }
};

const send = async (segment: Segment, parts: Parts, options: LaneOptions): Promise<void> => {
  const { bisection, publish, confirmed, flight } = parts;
  const { clock, recordAgeMsMax } = options;
  const attempt = bisection.begin(segment);
  if (attempt === null) return;
  const { records, stamp } = attempt.segment;
  const sent = stamped(records, stamp, clock.wallMs(), recordAgeMsMax());
  flight.begins();
  // The sink may keep it waiting for longer than a lease lasts.
  const mayStart = (): boolean => records.every(({ from }) => from.term.holds());
  const outcome = await publish(sent, mayStart);
  if (outcome.kind === "ok") confirmed(records);
  const verdict = bisection.answered(attempt, outcome, sent);
  flight.ends();
  await follow(verdict, parts);
};

const run = async (parts: Parts, options: LaneOptions): Promise<void> => {
  const { bisection, batches, mode } = parts;
  const { clock, signal } = options;
  mode.to("sending");
  while (!signal.aborted) {
    const lingerMs = batches.lingerMs();
    if (lingerMs > 0) await clock.sleep(lingerMs, signal);
    const segment = batches.next();
    if (segment) await send(segment, parts, options);
    else if (bisection.held > 0) await follow(bisection.judge(batches.waiting), parts);
    else break;
  }
  rest(parts);
};

export const createLane = (topic: string, partition: number, options: LaneOptions): Lane => {
  const parts = createParts(topic, partition, options);
  const { bisection, batches, mode, standstill, flight } = parts;

  const release = (term: Term): readonly RelayRecord[] => {
    const released = [...bisection.release(term), ...batches.drop(term)];
    if (bisection.isClear && batches.waiting === 0) standstill.cut();
    return released;
  };

  return {
    topic,
    partition,
    get standsStill() {
      return mode.standsStill;
    },
    get stillness() {
      return mode.stillness;
    },
    get records() {
      return batches.records;
    },
    push: batches.push,
    kick: () => {
      if (batches.waiting === 0) return;
      if (mode.now === "idle") options.start(run(parts, options));
      else standstill.notify();
    },
    release: (term) => flight.whenDown(() => release(term)),
    holds: (term) => bisection.holds(term) || batches.holds(term),
    drop: (term) => {
      batches.drop(term);
      standstill.notify();
    },
  };
};
