import {
  type Clock,
  type DeadLetter,
  type DeadLetters,
  LETTERS_MAX,
  type Platform,
  REPLAYS_MAX,
  type Replay,
  refuseLetter,
  replayChunk,
  replayRefusalOf,
} from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Outbox } from "./outbox.ts";

/** A dead letter under an id that counts up, and who sent it back. */
export type KeptLetter = DeadLetter & {
  readonly id: string;
  readonly replayedBy: string | null;
  readonly diedAtMs: number;
};

export type Letters = ReturnType<typeof createLetters>;

/** What makes a letter the one that it is. */
const lifeOf = ({ identity, replay, shard, entry, index }: DeadLetter): string =>
  identity === null ? `${shard}/${entry}/${index}` : `${identity}\n${replay}`;

/** The table of dead letters. */
export const createLetters = (clock: Pick<Clock, "wallMs">) => {
  let kept: KeptLetter[] = [];
  let keys = new Set<string>();
  return {
    /** `keyOf`: what another table would know them by. */
    put: (letters: readonly DeadLetter[], keyOf = lifeOf): void => {
      for (const letter of letters) {
        if (keys.has(keyOf(letter))) continue;
        keys.add(keyOf(letter));
        kept.push({ ...letter, id: String(kept.length + 1), replayedBy: null, diedAtMs: clock.wallMs() });
      }
    },
    /** Oldest first. */
    all: (): readonly KeptLetter[] => [...kept],
    markReplayed: (letter: KeptLetter, by: string): void => {
      kept[Number(letter.id) - 1] = { ...letter, replayedBy: by };
    },
    /** All as it is now, and what brings it back. */
    remember: (): (() => void) => {
      const then = { kept: [...kept], keys: new Set(keys) };
      return () => {
        kept = [...then.kept];
        keys = new Set(then.keys);
      };
    },
  };
};

export const createDeadLetters = (letters: Letters, outages: Outages): DeadLetters => ({
  put: outages.behind("postgres", (all: readonly DeadLetter[]) => letters.put(all)),
});

export type ReplayWorld = {
  readonly letters: Letters;
  readonly outbox: Outbox;
  readonly outages: Outages;
  readonly clock: Clock;
  readonly platform: Platform;
  readonly shards: number;
  /** Event bytes of one call. */
  readonly bytesMax: number;
};

export const createReplay = (world: ReplayWorld): Replay => {
  const { letters, outbox, outages, clock, platform, shards, bytesMax } = world;
  return outages.behind("postgres", (ids, { by }) => {
    if (ids.length > LETTERS_MAX) throw new RangeError(`at most ${LETTERS_MAX} dead letters at once`);
    const found = letters.all().filter(({ id }) => ids.includes(id));
    const transaction = outbox.begin();
    const unknown = [...new Set(ids)].filter((id) => !found.some((letter) => letter.id === id));
    const refused = unknown.map((id) => refuseLetter(id, "not_found"));
    const replayed: string[] = [];
    let bytes = 0;
    for (const letter of found) {
      const { id, identity, replayedBy } = letter;
      bytes += letter.bytes.length;
      const status = replayedBy === null ? "waiting" : "replayed";
      const candidate = { ...letter, status, bytes: bytes <= bytesMax ? letter.bytes : null } as const;
      const refusal = replayRefusalOf(candidate, REPLAYS_MAX);
      if (refusal !== null) {
        refused.push(refusal);
        continue;
      }
      transaction.insert(replayChunk({ ...letter, identity: identity ?? "" }, clock.wallMs(), shards, platform));
      letters.markReplayed(letter, by);
      replayed.push(id);
    }
    if (replayed.length > 0) transaction.commit();
    return { replayed, refused };
  });
};
