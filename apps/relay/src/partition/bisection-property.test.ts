import type { Outcome } from "@spillway/event";
import { seededRandom } from "@spillway/event/seeded-random";
import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import type { RelayRecord } from "../shard/in-hand.ts";
import { Bisection, type Verdict } from "./bisection.ts";
import { createEvidence, EVIDENCE_MS, evidenceOfLane } from "./evidence.ts";
import { recordOf, termOf } from "./record.fixture.ts";
import { createRecordQueue } from "./record-queue.ts";
import { freshSegment, type Segment } from "./segment.ts";

const RECORDS = 60;
/** So many answers are chance; what comes then is taken, but for the poison. */
const STORM = 150;
const STEPS_MAX = 5_000;
const SEEDS = 250;

type Chance = (below: number) => number;

const outcomeOf = (chance: Chance, records: number): Outcome => {
  const fatal: Outcome = { kind: "fatal", code: "refused", deadLetterClass: "rejected" };
  switch (chance(9)) {
    case 0:
    case 1:
      return fatal;
    case 2:
    case 3:
      return { ...fatal, refused: Array.from({ length: 1 + chance(4) }, () => chance(records)) };
    case 4:
      return { kind: "retriable", code: "outage" };
    case 5:
      return { kind: "retriable", code: "odd", attemptsMax: 1 + chance(4) };
    case 6:
      return { kind: "retriable", code: "time", retime: true };
    default:
      return { kind: "ok" };
  }
};

/** A lane's loop without waiting: batches of chance, answered by chance, until each record has met its end. */
const createLoop = (seed: number) => {
  const random = seededRandom(seed);
  const chance: Chance = (below) => Math.floor(random() * below);
  const clock = createManualClock();
  const evidence = createEvidence(1 + chance(12), clock);
  const bisection = new Bisection(evidenceOfLane(evidence));
  const queue = createRecordQueue();
  const poison = new Set<number>();
  /** What the topic holds, also of publishes whose answer was lost. */
  const topic: RelayRecord[] = [];
  const ends: { readonly record: RelayRecord; readonly end: "taken" | "buried" }[] = [];
  let steps = 0;

  const term = termOf(0);
  const keys = [null, "a", "b", "c", "d"];
  for (let index = 0; index < RECORDS; index++) {
    queue.push({ ...recordOf(index, term), key: keys[chance(keys.length)] ?? null });
    if (chance(10) === 0) poison.add(index);
  }

  const batch = (): Segment | null => {
    const most = 1 + chance(16);
    const others = bisection.avoided === null ? [] : queue.takeOthers(bisection.avoided, most, 1e9);
    const records = others.length > 0 || queue.length === 0 ? others : queue.take(most, 1e9);
    return records.length > 0 ? freshSegment(records) : null;
  };

  const answer = (records: readonly RelayRecord[]): Outcome => {
    const bad = records.flatMap(({ index }, at) => (poison.has(index) ? [at] : []));
    const drawn: Outcome = steps < STORM ? outcomeOf(chance, records.length) : { kind: "ok" };
    const isUnknown = drawn.kind === "retriable" && !drawn.retime;
    const isTaken = bad.length === 0 && (drawn.kind === "ok" || (isUnknown && chance(2) === 0));
    if (isTaken) topic.push(...records);
    if (drawn.kind !== "ok" || bad.length === 0) return drawn;
    const fatal: Outcome = { kind: "fatal", code: "poison", deadLetterClass: "rejected" };
    return chance(2) === 0 ? fatal : { ...fatal, refused: bad };
  };

  const follow = async (verdict: Verdict): Promise<void> => {
    if (verdict.kind === "bury") for (const { record } of verdict.refused) ends.push({ record, end: "buried" });
    if (verdict.kind === "await" && chance(4) === 0) evidence.taken(evidence.now());
    if (verdict.kind === "await") await clock.advance(EVIDENCE_MS);
    if (verdict.kind === "await" || verdict.kind === "pause" || chance(8) === 0)
      bisection.waited(chance(2) === 0 ? "each" : "one");
  };

  const send = async (segment: Segment): Promise<void> => {
    const attempt = bisection.begin(segment);
    if (attempt === null) throw new Error("the term has not ended");
    const { records } = attempt.segment;
    const outcome = answer(records);
    if (outcome.kind === "ok") for (const record of records) ends.push({ record, end: "taken" });
    await follow(bisection.answered(attempt, outcome, records));
  };

  const run = async (): Promise<void> => {
    while (++steps < STEPS_MAX) {
      queue.putBack(bisection.takeBack(), (waiting) => bisection.inOrder(waiting));
      const segment = bisection.next() ?? batch();
      if (segment !== null) await send(segment);
      else if (bisection.held > 0) await follow(bisection.judge(queue.length));
      else return;
    }
  };
  return { run, topic, ends, poison };
};

/** The indexes of one key's records, each where it stands first. */
const firstsOf = (records: readonly RelayRecord[], key: string | null): readonly number[] => [
  ...new Set(records.filter((record) => record.key === key).map(({ index }) => index)),
];
const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

/** Broken promises of one seed, for `SEED=n` the only one. */
const violationsOf = async (seed: number): Promise<readonly string[]> => {
  const { run, topic, ends, poison } = createLoop(seed);
  await run();
  const violations: string[] = [];
  const ended = ends.map(({ record }) => record.index);
  if (sorted(ended).join() !== [...Array(RECORDS).keys()].join())
    violations.push(`not each record has one end: ${sorted(ended).join(" ")}`);
  const taken = ends.flatMap(({ record, end }) => (end === "taken" ? [record] : []));
  if (taken.some(({ index }) => poison.has(index))) violations.push("poison was taken");
  for (const key of ["a", "b", "c", "d"]) {
    const confirmed = firstsOf(taken, key);
    if (confirmed.join() !== sorted(confirmed).join()) violations.push(`${key} is confirmed as ${confirmed.join(" ")}`);
    const held = firstsOf(topic, key);
    if (held.join() !== sorted(held).join()) violations.push(`${key} is in the topic as ${held.join(" ")}`);
  }
  return violations.map((violation) => `seed ${seed}: ${violation}`);
};

describe("whatever outcomes come", () => {
  test(`each record is taken or buried once, in the order of its key (SEED=n: one of ${SEEDS} seeds)`, async () => {
    const { SEED } = process.env;
    const seeds = SEED === undefined ? Array.from({ length: SEEDS }, (_, n) => n + 1) : [Number(SEED)];
    for (const seed of seeds) expect(await violationsOf(seed)).toEqual([]);
  });
});
