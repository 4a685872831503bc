import { countOf, missingOf, type Ranges } from "./ranges.ts";
import type { Total } from "./tier.ts";
import { answersClients, type Position } from "./writer.ts";

/** A writer as the ledger has it. */
export type WriterRow = Required<Omit<Position, "shard">> & {
  /** How many of them Postgres has had as rows of the outbox; 0 of a writer of the stream. */
  readonly had: number;
  /** How many of them Redis was seen to have, by whoever copied its counters. */
  readonly inRedis: number;
  /** Lost, and known to an operator. */
  readonly forgiven: Ranges;
  /** Since anything was recorded of it; whoever lives records again and again. */
  readonly idleMs: number;
};

/** Which of a writer's events are lost. */
export type Loss = { readonly writer: string; readonly events: Ranges };

const toldByRedis = (totals: readonly Total[]) => {
  const known = new Map(totals);
  return (writer: string): Ranges => [[0, known.get(writer) ?? 0]];
};

/**
 * What was acknowledged and is nowhere: neither Redis nor the outbox has had it, and it has not met its end. A function of what is known now,
 * which adds nothing up, so that it errs for as long as something is not known yet and not for ever: what a relay still has
 * in hand when Redis is emptied counts until it got through. `totals` must have been read after the rows.
 */
export const lossesOf = (rows: readonly WriterRow[], totals: readonly Total[]): readonly Loss[] => {
  const inRedis = toldByRedis(totals);
  return rows.flatMap(({ writer, acknowledged, had, ended, forgiven }) => {
    const events = missingOf(acknowledged, inRedis(writer), [[0, had]], ended, forgiven);
    return events.length > 0 ? [{ writer, events }] : [];
  });
};

/**
 * What Redis was seen to have and is nowhere, and nobody has said that it was acknowledged: who appended it may have died before. Of whoever
 * lives it is so until it has told what it was answered, and of whoever was given up, or is a relay, nothing is. `totals` as above.
 */
export const possibleLossesOf = (rows: readonly WriterRow[], totals: readonly Total[]): readonly Loss[] => {
  const stillThere = toldByRedis(totals);
  return rows.flatMap(({ writer, acknowledged, had, inRedis, ended, forgiven, givenUp }) => {
    const told: Ranges = [[0, Math.max(acknowledged, had)]];
    const events =
      givenUp || !answersClients(writer) ? [] : missingOf(inRedis, told, stillThere(writer), ended, forgiven);
    return events.length > 0 ? [{ writer, events }] : [];
  });
};

export const lostOf = (losses: readonly Loss[]): number => losses.reduce((sum, { events }) => sum + countOf(events), 0);

/** Longer than any process is frozen or without Postgres and goes on afterwards. */
const DEAD_AFTER_MS = 24 * 3_600_000;
/** After its total was forgotten: longer than an answer that names it is on its way into the ledger. */
const FORGOTTEN_FOR_MS = 3_600_000;

export type Folded = Judged & {
  /** What is lost of it, and no operator knows of. */
  readonly lost: number;
};

/** What is known of a writer, as far as it says whether it is as it was when it was judged. */
export type Judged = Pick<WriterRow, "writer" | "acknowledged" | "had" | "ended">;

export type Farewell = {
  /** Their totals in Redis are of no use any more. */
  readonly forget: readonly string[];
  /** Their rows are not looked at any more, until somebody has news of them. */
  readonly retire: readonly Judged[];
  /** Their rows are of no use; how much was lost of them is kept. */
  readonly fold: readonly Folded[];
};

const judgedOf = ({ writer, acknowledged, had, ended }: WriterRow): Judged => ({ writer, acknowledged, had, ended });

/**
 * The writers that are dead, or given up for `givenUpForMs`, and of which nothing waits: first Redis forgets them. A row that is
 * given up and lacks nothing retires: with it gone, an answer of before that somebody records late (its Postgres was away) would look
 * like a loss. The ledger forgets the dead.
 */
export const farewellOf = (rows: readonly WriterRow[], totals: readonly Total[], givenUpForMs: number): Farewell => {
  const known = new Map(totals);
  const losses = new Map(lossesOf(rows, totals).map(({ writer, events }) => [writer, countOf(events)]));
  // What was brought in from the outbox has another number in Redis; and its rows may be there for as long as they like.
  const isOver = ({ writer, idleMs, had, ended, givenUp }: WriterRow): boolean =>
    idleMs > (givenUp && had === 0 ? Math.min(givenUpForMs, DEAD_AFTER_MS) : DEAD_AFTER_MS) &&
    (had > 0 || missingOf(known.get(writer) ?? 0, ended).length === 0);
  const over = rows.filter(isOver);
  const forgotten = over.filter(({ writer }) => !known.has(writer));
  const isDead = ({ idleMs }: WriterRow): boolean => idleMs > DEAD_AFTER_MS + FORGOTTEN_FOR_MS;
  return {
    forget: over.filter(({ writer }) => known.has(writer)).map(({ writer }) => writer),
    retire: forgotten.filter((row) => !isDead(row) && row.givenUp && !losses.has(row.writer)).map(judgedOf),
    fold: forgotten.filter(isDead).map((row) => ({ ...judgedOf(row), lost: losses.get(row.writer) ?? 0 })),
  };
};
