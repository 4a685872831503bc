import type { Clock } from "./clock.ts";
import type { LetterStatus } from "./dead-letters.ts";
import { Unavailable } from "./outcome.ts";
import type { Platform } from "./platform.ts";
import { dedupKeyOf, identityOf } from "./seal.ts";

/** What the streams of these shards know of one life of an event. */
export type StreamSight =
  /** It is in an entry; `copied`: of a chunk of which a copy is in Postgres. */
  | {
      readonly kind: "held";
      readonly shard: number;
      readonly entry: string;
      readonly atMs: number;
      readonly copied: boolean;
    }
  /** It was in this entry, which was settled. */
  | { readonly kind: "left"; readonly shard: number; readonly entry: string }
  /** It has not come in since then; null: a shard remembers nothing, since it never had an event, or was emptied. */
  | { readonly kind: "absent"; readonly sinceMs: number | null };

/** What waits in Postgres to enter a stream, or is there as well. `unsearched`: of more rows than are looked through. */
export type OutboxSight =
  | { readonly kind: "outbox" | "copy"; readonly shard: number; readonly row: string; readonly sinceMs: number }
  | { readonly kind: "absent" }
  | { readonly kind: "unsearched"; readonly rows: number };

export type ParkedSight = { readonly topic: string; readonly sinceMs: number };

/** The last death of an event: of its newest life, or of the whole entry that it was in. */
export type LetterSight = {
  readonly letter: string;
  readonly replay: number;
  readonly status: LetterStatus;
  readonly class: string;
  readonly code: string;
  readonly diedAtMs: number;
};

/** Where an event left its stream. */
export type EntryPlace = { readonly shard: number; readonly entry: string };

/** Each is one question, as of one moment, with a bounded answer. All reject with `Unavailable`. */
export type StreamLook = (dedupKey: string, shards: readonly number[], deadlineMs: number) => Promise<StreamSight>;
export type OutboxLook = {
  outbox(dedupKey: string, shards: readonly number[], deadlineMs: number): Promise<OutboxSight>;
  parked(dedupKey: string, deadlineMs: number): Promise<ParkedSight | null>;
};
export type LetterLook = (
  identity: string,
  place: EntryPlace | null,
  deadlineMs: number,
) => Promise<LetterSight | null>;

export type Sights = OutboxLook & { readonly stream: StreamLook; readonly letter: LetterLook };

/** Where it waits, from the moment in which it came there. */
export type PendingPlace =
  | { readonly tier: "stream" | "both"; readonly shard: number; readonly entry: string; readonly sinceMs: number }
  | { readonly tier: "outbox"; readonly shard: number; readonly row: string; readonly sinceMs: number }
  | { readonly tier: "parked"; readonly shard: number; readonly topic: string; readonly sinceMs: number };

/** How many events of its shard are before one that waits: at least so many, and at most; null: nobody can say how many at most. */
export type Ahead = { readonly least: number; readonly most: number | null };

/** What became of an event, as far as anybody can say. */
export type EventState =
  | ({ readonly status: "pending" } & PendingPlace)
  | { readonly status: "relayed"; readonly shard: number; readonly entry: string }
  | { readonly status: "dead"; readonly letter: LetterSight }
  /** `letter`: it died before that, and was replayed. */
  | { readonly status: "not_seen"; readonly sinceMs: number | null; readonly letter: LetterSight | null }
  | { readonly status: "unknown"; readonly rows: number };

/** Which event is meant: one key's name, source and id are one event. */
export type EventName = { readonly producer: string; readonly source: string; readonly id: string };

/** By its name, or by what all its lives are known by. `shards`: where it can be: one, where its partition key is known. */
export type EventQuery = (EventName | { readonly identity: string }) & { readonly shards: readonly number[] };

/** A life that an operator begins while we look. */
const LIVES_MAX = 3;

const isOver = (letter: LetterSight): boolean => letter.status !== "replayed";

const placeOf = ({
  shard,
  row,
  sinceMs,
}: Extract<OutboxSight, { readonly kind: "outbox" | "copy" }>): PendingPlace => ({
  tier: "outbox",
  shard,
  row,
  sinceMs,
});

/** Of a life that the stream does not know. */
const unseen = (
  row: Exclude<OutboxSight, { readonly kind: "outbox" }>,
  sinceMs: number | null,
  letter: LetterSight | null,
): EventState => {
  // The stream has lost it, and it is about to be restored.
  if (row.kind === "copy") return { status: "pending", ...placeOf(row) };
  if (row.kind === "unsearched") return { status: "unknown", rows: row.rows };
  return letter !== null && isOver(letter) ? { status: "dead", letter } : { status: "not_seen", sinceMs, letter };
};

type Asked = {
  readonly identity: string;
  readonly dedupKey: string;
  readonly shards: readonly number[];
  /** The last death before this life, or that of it. */
  readonly letter: LetterSight | null;
};

/**
 * Asks along the way that events go, outbox, stream, parked, dead letters, each after the one before has answered: what moves on
 * meanwhile is found at the next. The other way round an event that is drained between two questions is nowhere.
 */
const lookAtLife = async (
  sights: Sights,
  { identity, dedupKey, shards, letter }: Asked,
  leftMs: () => number,
): Promise<EventState | "replayed"> => {
  const row = await sights.outbox(dedupKey, shards, leftMs());
  if (row.kind === "outbox") return { status: "pending", ...placeOf(row) };
  const seen = await sights.stream(dedupKey, shards, leftMs());
  if (seen.kind === "absent") return unseen(row, seen.sinceMs, letter);
  const { shard, entry } = seen;
  if (seen.kind === "held")
    return { status: "pending", tier: seen.copied ? "both" : "stream", shard, entry, sinceMs: seen.atMs };
  const parked = await sights.parked(dedupKey, leftMs());
  if (parked !== null) return { status: "pending", tier: "parked", shard, ...parked };
  const last = await sights.letter(identity, seen, leftMs());
  const isBefore = letter !== null && !isOver(letter) && last?.letter === letter.letter;
  if (last === null || isBefore) return { status: "relayed", shard, entry };
  return isOver(last) ? { status: "dead", letter: last } : "replayed";
};

/** What became of an event, asked in a constant number of questions. Rejects with `Unavailable`. */
export const createLookup =
  (sights: Sights, platform: Platform, clock: Pick<Clock, "monotonicMs">) =>
  async (query: EventQuery, deadlineMs: number): Promise<EventState> => {
    const endMs = clock.monotonicMs() + deadlineMs;
    const leftMs = (): number => {
      const left = endMs - clock.monotonicMs();
      if (left <= 0) throw new Unavailable("timeout");
      return left;
    };
    const { shards } = query;
    const identity =
      "identity" in query ? query.identity : identityOf(query.producer, query.source, query.id, platform);
    for (let life = 0; life < LIVES_MAX; life++) {
      const letter = await sights.letter(identity, null, leftMs());
      const replay = letter === null ? 0 : letter.replay + (isOver(letter) ? 0 : 1);
      const dedupKey = dedupKeyOf(identity, replay, platform);
      const found = await lookAtLife(sights, { identity, dedupKey, shards, letter }, leftMs);
      if (found !== "replayed") return found;
    }
    throw new Unavailable("busy");
  };

export type Lookup = ReturnType<typeof createLookup>;
