import { type Copy, copyKeyOf, type Keyed, type Named, type OutboxRow, type Position } from "@spillway/event";

/** A row of the outbox or of the copies. */
export type Row = OutboxRow & { readonly insertedAtMs: number; readonly named?: Named };
export type KeptCopy = Row & Pick<Copy, "key">;

const positionsOf = (rows: readonly Pick<Row, "shard" | "named">[]): Position[] =>
  rows.flatMap(({ shard, named }) =>
    named ? [{ shard, writer: named.writer, acknowledged: 0, ended: [named.numbers] }] : [],
  );

/** The copies table. `record`: the numbers that a copy named have met their end when it goes, or is given others. */
export const createKeptCopies = (record: (positions: readonly Position[]) => void) => {
  let copies: readonly KeptCopy[] = [];

  const remove = (isMeant: (copy: KeptCopy) => boolean): void => {
    record(positionsOf(copies.filter(isMeant)));
    copies = copies.filter((copy) => !isMeant(copy));
  };

  const put = (more: readonly KeptCopy[]): void => {
    const ids = new Set(more.map(({ id }) => id));
    copies = [...copies.filter(({ id }) => !ids.has(id)), ...more].sort((a, b) => Number(a.id) - Number(b.id));
  };

  /** `was`: what may name other numbers so far; where it is gone, these have met their end. */
  const give = (given: Keyed, copy: Row | undefined, was: readonly Row[]): void => {
    if (given.named) record(positionsOf(copy ? was : [given]));
    if (copy) put([{ ...copy, ...given }]);
  };

  const ofId = (id: string): KeptCopy | undefined => copies.find((copy) => copy.id === id);

  return {
    put,
    remove,
    all: (): readonly KeptCopy[] => copies,
    remember: (): (() => void) => {
      const then = copies;
      return () => {
        copies = then;
      };
    },
    /** Copies of these rows, or those that there are of them already, are given these keys and numbers. */
    keep: (rows: readonly Row[], keyed: readonly Keyed[]): void => {
      for (const given of keyed) {
        const row = rows.find(({ id }) => id === given.id);
        const kept = row && ofId(row.id);
        give(
          given,
          kept ?? row,
          [row, kept].flatMap((one) => one ?? []),
        );
      }
    },
    rekey: (keyed: readonly Keyed[]): void => {
      for (const given of keyed) {
        const copy = ofId(given.id);
        give(given, copy, copy ? [copy] : []);
      }
    },
    /** Of a chunk that is in the outbox now; the newest of equal ones. */
    takeAway: (chunk: Uint8Array): void => {
      const gone = copies.findLast(({ key }) => key === copyKeyOf(chunk));
      remove((copy) => copy === gone);
    },
  };
};
