import type { Ranges } from "./ranges.ts";
import type { ShardChunk, Total, Writing } from "./tier.ts";

/**
 * What is known of the events that one writer appended to one shard. They are numbered from 0 in the order of their
 * entries: those below `acknowledged` were answered for, and those in `ended` have met their end, in Kafka or in the dead
 * letters. Both only grow.
 */
export type Position = {
  readonly shard: number;
  readonly writer: string;
  readonly acknowledged: number;
  readonly ended: Ranges;
  /** Its process appends nothing more under it; what was under way then may come yet. */
  readonly givenUp?: boolean;
};

/** What a process knows and keeps in Postgres, so that a Redis that lost it can be told from one that never had it. */
export type Accounts = {
  /**
   * Adds to what stands there, and writes nothing where nothing is to be added: of a writer of the outbox, where it is known to
   * have had as much. Safe to repeat, and late. Rejects with `Unavailable`.
   */
  record(positions: readonly Position[], deadlineMs: number): Promise<void>;
};

/** What came of an append, as far as a writer has to know. */
type Answer = { readonly kind: string; readonly totals?: readonly Total[]; readonly duplicates?: readonly number[] };

const randomId = (): string => crypto.randomUUID().replaceAll("-", "").slice(0, 12);

/** A letter that begins no hexadecimal number. */
const RELAY = "r";

/** What a relay appends is where it had it from until that is told as acknowledged or brought: of its numbers none is merely possible. */
export const relayWriterId = (): string => `${RELAY}${randomId()}`;

/** Whose events nobody accounts for. */
export const NOBODY: Writing = { writer: "nobody", floor: 0 };

/** Whether it is one that answers clients. */
export const answersClients = (writer: string): boolean => !writer.startsWith(RELAY) && writer !== NOBODY.writer;

type Current = { readonly writer: string; floor: number; isInUse: boolean };
type From = Writing;
/** What a writer has to know of what it appends. */
type Chunk = Pick<ShardChunk, "shard" | "from">;
type Known = { readonly position: Position; tellings: number };

/** How often what changes no more is recorded, once a second: a Postgres that goes back by no more than an hour hears it again. */
export const TELLINGS = 3_600;

const keyOf = (shard: number, writer: string): string => `${shard} ${writer}`;

/** What a process tells the accounts of its writers. */
const createTold = () => {
  const all = new Map<string, Known>();
  const positionsOf = (isMeant: (known: Known) => boolean): readonly Position[] =>
    [...all.values()].filter(isMeant).map(({ position }) => position);
  return {
    note: (shard: number, writer: string, total: number, givenUp = false): void => {
      const key = keyOf(shard, writer);
      const known = all.get(key)?.position;
      const acknowledged = Math.max(total, known?.acknowledged ?? 0);
      const isGivenUp = givenUp || known?.givenUp === true;
      if (known !== undefined && acknowledged === known.acknowledged && isGivenUp === known.givenUp) return;
      all.set(key, { position: { shard, writer, acknowledged, ended: [], givenUp: isGivenUp }, tellings: 0 });
    },
    /** All that is to be told, again and again: where it is recorded may go back. */
    known: (): readonly Position[] => positionsOf(() => true),
    /** What the accounts have not got yet. */
    unrecorded: (): readonly Position[] => positionsOf(({ tellings }) => tellings === 0),
    recorded: (positions: readonly Position[], isCurrent: (position: Position) => boolean): void => {
      for (const position of positions) {
        const key = keyOf(position.shard, position.writer);
        const known = all.get(key);
        if (known?.position !== position) continue;
        if (++known.tellings >= TELLINGS && !isCurrent(position)) all.delete(key);
      }
    },
  };
};

/**
 * The writers of one process for one tier, one at a time for each shard. A writer's number stands for one event for good, or two losses
 * could hide each other: so an id is given up, and another taken, when nobody knows whether an append under it happened or
 * still will, when the tier has fewer events of it than were acknowledged, and when an append under it is still under way. And
 * when numbers of it were given out before the append (`reserve`), and the append did not take just those.
 *
 * `isAnsweredFor`: whoever is answered an append acknowledges it by that. What a relay brings from elsewhere is acknowledged there, in the
 * step that removes it, and nowhere else: where that is undone, it is there again.
 */
export const createWriters = ({
  newId = randomId,
  isAnsweredFor = true,
}: {
  readonly newId?: () => string;
  readonly isAnsweredFor?: boolean;
} = {}) => {
  const currents = new Map<number, Current>();
  const { note, known, unrecorded, recorded } = createTold();

  const begin = (shard: number): Current => {
    const known = currents.get(shard);
    const current = known && !known.isInUse ? known : { writer: newId(), floor: 0, isInUse: false };
    current.isInUse = true;
    currents.set(shard, current);
    return current;
  };

  const beginOf = ({ shard, from }: Chunk): Current => {
    if (!from) return begin(shard);
    const current = currents.get(shard);
    return current?.writer === from.writer ? current : { ...from, isInUse: true };
  };

  const end = ({ shard, from }: Chunk, current: Current, answer: Answer | null): void => {
    current.isInUse = false;
    if (answer?.kind === "ok")
      for (const [writer, total] of answer.totals ?? []) {
        // A duplicate that is answered for may stand under any number that the shard has given.
        if (isAnsweredFor) note(shard, writer, total);
        if (writer === current.writer) current.floor = Math.max(current.floor, total);
      }
    const isInDoubt = answer === null || answer.kind === "retriable";
    const isAsReserved = !from || (answer?.kind === "ok" && answer.duplicates?.length === 0);
    const isCurrent = currents.get(shard) === current;
    if (isCurrent && !isInDoubt && answer.kind !== "behind" && isAsReserved) return;
    if (isCurrent) currents.delete(shard);
    if (isInDoubt || current.floor > 0) note(shard, current.writer, 0, true);
  };

  return {
    /** Under whom, and from which number on, a chunk will be appended that is to be written elsewhere at the same time. */
    reserve: (shard: number): From => {
      const { writer, floor } = begin(shard);
      return { writer, floor };
    },
    /** Appends each chunk under its shard's writer; at once under another where Redis has gone back behind that, unless it was reserved. */
    append: async <A extends Answer, C extends Chunk = ShardChunk>(
      chunks: readonly C[],
      append: (chunks: readonly (C & { readonly from: From })[]) => Promise<readonly A[]>,
    ): Promise<readonly A[]> => {
      const attempt = async (some: readonly C[]): Promise<readonly A[]> => {
        const begun = some.map(beginOf);
        let answers: readonly A[] = [];
        try {
          answers = await append(some.map((chunk, i) => ({ ...chunk, from: begun[i] as Current })));
          return answers;
        } finally {
          for (const [i, chunk] of some.entries()) end(chunk, begun[i] as Current, answers[i] ?? null);
        }
      };
      const answers = await attempt(chunks);
      const isAgain = (i: number): boolean => answers[i]?.kind === "behind" && chunks[i]?.from === undefined;
      const behind = chunks.filter((_, i) => isAgain(i));
      if (behind.length === 0) return answers;
      const second = await attempt(behind);
      let next = 0;
      return answers.map((answer, i) => (isAgain(i) ? (second[next++] ?? answer) : answer));
    },
    known,
    unrecorded,
    recorded: (positions: readonly Position[]): void =>
      recorded(positions, ({ shard, writer }) => currents.get(shard)?.writer === writer),
  };
};

export type Writers = ReturnType<typeof createWriters>;
