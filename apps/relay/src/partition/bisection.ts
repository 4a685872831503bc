import type { Outcome, SinkRecord } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayRecord } from "../shard/in-hand.ts";
import type { Evidence, Moment } from "./evidence.ts";
import { createHeld } from "./held.ts";
import { createOrder } from "./order.ts";
import { type Pause, type Refused, remainderOf } from "./remainder.ts";
import { type Segment, sendable } from "./segment.ts";

/** A segment that is being sent, and what the topic was known to take when that began. */
export type Attempt = {
  readonly segment: Segment;
  readonly startedAt: Moment;
  /** Those of its records that were refused before, each by itself, and the topic has taken others since. */
  readonly proven: ReadonlySet<RelayRecord>;
};

/**
 * What an outcome asks for, before the next segment.
 *
 * - `next`: nothing.
 * - `calm`: nothing, and all is well: something was taken and nothing is held.
 * - `bury`: these are dead letters; they are no longer held.
 * - `pause`: a wait; what failed comes again after it.
 * - `doubt`: the alarm. More is held than one sender's mistake explains; sending goes on, in case good ones follow.
 * - `await`: the alarm and a wait, for the topic to take anything: nothing is left to send but what is held.
 */
export type Verdict =
  | { readonly kind: "next" | "calm" }
  | { readonly kind: "bury"; readonly refused: readonly Refused[] }
  | ({ readonly kind: "pause" } & Pause)
  | { readonly kind: "doubt" | "await"; readonly code: string };

type Witness = Omit<Evidence, "listen">;

const isOf =
  (term: Term) =>
  ({ from }: RelayRecord): boolean =>
    from.term === term;

/** Up to so many refused in a row of one key, or of none, it goes on at once, in case that good ones follow one sender's poison. */
const SWEEP_RECORDS_MAX = 256;

/**
 * What becomes of batches that are not simply taken. Segments go out (`next`, then `begin`), outcomes come in, and each is
 * answered by a verdict: it knows no clock, no sink and no dead letters, and waits for nothing.
 *
 *   a batch ──▶ sent ──ok──▶ taken
 *                │ ▲
 *        refused │ │ a part, the older half first, down to one record
 *                ▼ │
 *               work ──one record──▶ held ──again──▶ refused, and others were taken meanwhile ──▶ bury
 *
 * Each record leaves once, taken or buried; of one key what is taken is so in the key's order, since what something newer
 * has passed is buried and not asked for again.
 */
export class Bisection {
  readonly #evidence: Witness;
  readonly #order = createOrder();
  readonly #held: ReturnType<typeof createHeld>;
  /** What is left of the batch under way, the oldest on top. */
  #work: Segment[] = [];
  /** The topic may have been mended meanwhile: the oldest that is held goes before anything that would overtake it. Null: nothing has waited. */
  #asks: "each" | "one" | null = null;
  /** More is held than one sender's mistake explains: nothing is given up without proof. */
  #isDoubting = false;
  /** It is of several keys that nobody vouches for, or what followed at once was refused, too: nothing more passes what is held of its key. */
  #isCareful = false;
  /** The same, and what is left of the batch under way should not be sent yet. */
  #hasUnsent = false;

  constructor(evidence: Witness) {
    this.#evidence = evidence;
    this.#held = createHeld(this.#order, evidence.takenSince);
  }

  /** Records that are held. */
  get held(): number {
    return this.#held.records;
  }

  /** Whether nothing is left of the batch under way. */
  get isDone(): boolean {
    return this.#work.length === 0;
  }

  /** Whether nothing is held either. */
  get isClear(): boolean {
    return this.isDone && this.#held.records === 0;
  }

  /** Keys of what is held, of which nothing newer should be in the next batch; null: it may hold any. */
  get avoided(): ReadonlySet<string> | null {
    return this.#isCareful ? this.#held.keys() : null;
  }

  /**
   * What is left of a batch whose topic is doubted, and is to wait. Sent on, record by record where the broker names none, it
   * would pass what is held for as long as that takes: of a topic that was mended meanwhile 328 good events died so.
   */
  takeBack(): readonly RelayRecord[] {
    if (!this.#hasUnsent) return [];
    this.#hasUnsent = false;
    const left = this.#work.filter((segment) => !segment.again);
    const mayWait = ({ records: [first], suspicions }: Segment): boolean =>
      suspicions === 0 && first !== undefined && this.#held.areOlderThan(first);
    if (!left.every(mayWait)) return [];
    this.#work = this.#work.filter((segment) => segment.again);
    return left.toReversed().flatMap(({ records }) => records);
  }

  /** What waits, the oldest first: others may have been sent before what is put back was. */
  inOrder(waiting: readonly RelayRecord[]): RelayRecord[] {
    return this.#order.sorted(waiting);
  }

  /** What goes before any new batch. */
  next(): Segment | null {
    const left = this.#work.at(-1);
    // What is asked for again stays before what is held.
    const oldest = this.#asks !== null && left?.again !== true ? this.#held.oldest(this.#asks, left?.records[0]) : null;
    if (oldest !== null) this.#asks = null;
    return oldest ?? this.#work.pop() ?? null;
  }

  /** The segment, one from `next` or a new batch, as it may be sent now; null: its records are another owner's. */
  begin(segment: Segment): Attempt | null {
    const records = sendable(segment.records);
    if (records.length === 0) return null;
    const proven = this.#held.provenOf(records);
    const startedAt = this.#evidence.now();
    this.#held.pass(records);
    return { segment: { ...segment, records, attempts: segment.attempts + 1 }, startedAt, proven };
  }

  /** `sent`: its records as they were sent. */
  answered(attempt: Attempt, outcome: Outcome, sent: readonly SinkRecord[]): Verdict {
    if (outcome.kind === "ok") return this.#taken(attempt);
    this.#order.note(attempt.segment.records);
    this.#held.passEnds(outcome.kind === "fatal" || outcome.retime ? "refused" : "unknown");
    const { rest, refused, pause } = remainderOf(attempt.segment, outcome, sent);
    this.#work.push(...rest.toReversed());
    if (pause) return { kind: "pause", ...pause };
    return this.#refused(refused, attempt.proven);
  }

  /** To be asked when `next` has nothing and no batch can be had, and something is held; `waiting`: records of its keys. */
  judge(waiting: number): Verdict {
    this.#held.prune();
    const { records, areJudged, code } = this.#held;
    if (records === 0) return { kind: "next" };
    if (areJudged) {
      this.calm();
      return this.#judgeHeld();
    }
    const isIdle = !this.#isDoubting && waiting === 0;
    if (isIdle && this.#evidence.mayGiveUp(records)) return { kind: "bury", refused: this.#held.takeAll() };
    this.#isDoubting = true;
    this.#isCareful = true;
    return { kind: "await", code };
  }

  /** Whether `release` would give anything. */
  holds(term: Term): boolean {
    return this.#held.of(term).length > 0 || this.#work.some(({ records }) => records.some(isOf(term)));
  }

  /**
   * Gives up what is left and held of a term, in no order; no publish may be under way. What something newer of its key
   * has passed stays, since it is not to be sent again.
   */
  release(term: Term): readonly RelayRecord[] {
    const held = this.#held.of(term);
    const left = this.#work.flatMap(({ records }) => records.filter(isOf(term)));
    this.#held.forget(held);
    this.#work = this.#work
      .map((segment) => ({ ...segment, records: segment.records.filter((record) => !isOf(term)(record)) }))
      .filter(({ records }) => records.length > 0);
    return [...new Set([...left, ...held])];
  }

  /** Time has passed in which nothing was sent: the oldest few that are held are asked for now, or one of them in turn. */
  waited(asks: "each" | "one"): void {
    this.#asks = asks;
  }

  /** Nothing is left or held, and the topic has taken nothing since: it stays careful, or what returns from a lot is swept once more. */
  rest(): void {
    this.#isDoubting = false;
  }

  /** What was refused before says nothing about what comes. */
  calm(): void {
    this.#isDoubting = false;
    this.#isCareful = false;
  }

  #taken({ segment, startedAt }: Attempt): Verdict {
    this.#evidence.taken(startedAt);
    this.#held.forget(segment.records);
    if (this.#held.records > 0) return this.#judgeHeld();
    this.calm();
    return { kind: "calm" };
  }

  /** A record alone is a dead letter once it is known that its topic takes others; until then it is held. */
  #refused(refused: readonly Refused[], proven: ReadonlySet<RelayRecord>): Verdict {
    const dead = refused.filter(({ record }) => proven.has(record));
    const open = refused.filter(({ record }) => !proven.has(record));
    this.#held.forget(dead.map(({ record }) => record));
    const verdict = this.#hold(open);
    if (dead.length === 0) return verdict;
    this.calm();
    return { kind: "bury", refused: dead };
  }

  #hold(refused: readonly Refused[]): Verdict {
    const [first] = refused;
    if (!first) return { kind: "next" };
    this.#held.refused(refused, this.#evidence.now());
    this.#asks = null;
    this.#hasUnsent = !this.#evidence.tookLately() && this.#held.keys().size > 1;
    this.#isCareful ||= this.#hasUnsent || this.#held.records > SWEEP_RECORDS_MAX;
    if (this.#held.records <= this.#evidence.refusedInARowMax) return { kind: "next" };
    this.#isDoubting = true;
    return { kind: "doubt", code: first.fatal.code };
  }

  /**
   * The topic takes others: what its own key has passed is dead, the rest of what is held is asked for once more, but for
   * what is newer than what is left of the batch under way.
   */
  #judgeHeld(): Verdict {
    const refused = this.#held.takePassed();
    this.#work = this.#work.filter((segment) => !segment.again);
    this.#held.recall();
    const again = this.#held.proven(this.#work.at(-1)?.records[0]);
    if (again) this.#work.push(again);
    return refused.length > 0 ? { kind: "bury", refused } : { kind: "next" };
  }
}
