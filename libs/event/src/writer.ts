import type { Ranges } from "./ranges.ts";
import type { ShardChunk, Total } from "./tier.ts";

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

/** What a process knows and keeps outside of Redis, so that a Redis that lost it can be told from one that never had it. */
export type Accounts = {
  /** Adds to what stands there. Safe to repeat, and late. Rejects with `Unavailable`. */
  record(positions: readonly Position[], deadlineMs: number): Promise<void>;
};

/** What came of an append, as far as a writer has to know. */
type Answer = { readonly kind: string; readonly totals?: readonly Total[]; readonly duplicates?: readonly number[] };

const randomId = (): string => crypto.randomUUID().replaceAll("-", "").slice(0, 12);

type Current = { readonly writer: string; floor: number; isInUse: boolean };
type From = NonNullable<ShardChunk["from"]>;

const keyOf = (shard: number, writer: string): string => `${shard} ${writer}`;

/**
 * The writers of one process, one at a time for each shard. A writer's number stands for one event for good, or two losses
 * could hide each other: so an id is given up, and another taken, when nobody knows whether an append under it happened or
 * still will, when Redis has fewer events of it than were acknowledged, and when an append under it is still under way. And
 * when numbers of it were given out before the append (`reserve`), and the append did not take just those.
 */
export const createWriters = (newId: () => string = randomId) => {
  const currents = new Map<number, Current>();
  const unrecorded = new Map<string, Position>();

  const note = (shard: number, writer: string, total: number, givenUp = false): void => {
    const key = keyOf(shard, writer);
    const known = unrecorded.get(key);
    const acknowledged = Math.max(total, known?.acknowledged ?? 0);
    unrecorded.set(key, { shard, writer, acknowledged, ended: [], givenUp: givenUp || known?.givenUp === true });
  };

  const begin = (shard: number): Current => {
    const known = currents.get(shard);
    const current = known && !known.isInUse ? known : { writer: newId(), floor: 0, isInUse: false };
    current.isInUse = true;
    currents.set(shard, current);
    return current;
  };

  const beginOf = ({ shard, from }: ShardChunk): Current => {
    if (!from) return begin(shard);
    const current = currents.get(shard);
    return current?.writer === from.writer ? current : { ...from, isInUse: true };
  };

  const end = ({ shard, from }: ShardChunk, current: Current, answer: Answer | null): void => {
    current.isInUse = false;
    if (answer?.kind === "ok")
      for (const [writer, total] of answer.totals ?? []) {
        // A duplicate that is answered for may stand under any number that the shard has given.
        if (writer !== current.writer) note(shard, writer, total);
        else if (total > current.floor) {
          current.floor = total;
          note(shard, writer, total);
        }
      }
    const isInDoubt = answer === null || answer.kind === "retriable";
    const isAsReserved = !from || (answer?.kind === "ok" && answer.duplicates?.length === 0);
    const isCurrent = currents.get(shard) === current;
    if (isCurrent && !isInDoubt && answer.kind !== "behind" && isAsReserved) return;
    if (isCurrent) currents.delete(shard);
    if (isInDoubt || current.floor > 0) note(shard, current.writer, current.floor, true);
  };

  return {
    /** Under whom, and from which number on, a chunk will be appended that is to be written elsewhere at the same time. */
    reserve: (shard: number): From => {
      const { writer, floor } = begin(shard);
      return { writer, floor };
    },
    /** Appends each chunk under its shard's writer; at once under another where Redis has gone back behind that, unless it was reserved. */
    append: async <A extends Answer>(
      chunks: readonly ShardChunk[],
      append: (chunks: readonly ShardChunk[]) => Promise<readonly A[]>,
    ): Promise<readonly A[]> => {
      const attempt = async (some: readonly ShardChunk[]): Promise<readonly A[]> => {
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
    /** What the accounts have not got yet. */
    unrecorded: (): readonly Position[] => [...unrecorded.values()],
    recorded: (positions: readonly Position[]): void => {
      for (const position of positions) {
        const key = keyOf(position.shard, position.writer);
        if (unrecorded.get(key) === position) unrecorded.delete(key);
      }
    },
    /** Has those recorded again that may still append: who is not heard of for long is taken for dead. */
    live: (): void => {
      for (const [shard, { writer, floor }] of currents) if (floor > 0) note(shard, writer, floor);
    },
  };
};

export type Writers = ReturnType<typeof createWriters>;
