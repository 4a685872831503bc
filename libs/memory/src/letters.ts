import { type Clock, type DeadLetter, type DeadLetters, type Platform, replayChunk } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Outbox } from "./outbox.ts";

/** A dead letter and whether it was sent back. */
export type KeptLetter = DeadLetter & { readonly replayed: boolean };

/** The table of dead letters. */
export type Letters = {
  put(letters: readonly DeadLetter[]): void;
  all(): KeptLetter[];
  /** Puts the letter's event into the outbox and marks the letter, both or neither; false when it was marked before. */
  replay(letter: Pick<DeadLetter, "shard" | "entry" | "index">): boolean;
};

type Key = Pick<DeadLetter, "shard" | "entry" | "index">;

const keyOf = ({ shard, entry, index }: Key): string => `${shard}/${entry}/${index}`;

export const createLetters = (outbox: Outbox, clock: Clock, shards: number, platform: Platform): Letters => {
  const kept = new Map<string, KeptLetter>();
  return {
    put: (letters) => {
      for (const letter of letters)
        if (!kept.has(keyOf(letter))) kept.set(keyOf(letter), { ...letter, replayed: false });
    },
    all: () => [...kept.values()],
    replay: (key) => {
      const letter = kept.get(keyOf(key));
      if (!letter || letter.replayed || letter.identity === null) return false;
      const transaction = outbox.begin();
      transaction.insert(replayChunk({ ...letter, identity: letter.identity }, clock.wallMs(), shards, platform));
      kept.set(keyOf(key), { ...letter, replayed: true });
      transaction.commit();
      return true;
    },
  };
};

export const createDeadLetters = (letters: Letters, outages: Outages): DeadLetters => ({
  put: async (some) => {
    outages.check("postgres");
    letters.put(some);
  },
});
