import type { EventRecord } from "./history.ts";
import { postgresGoesBack, redisLoses } from "./nemesis.ts";
import type { Scene } from "./scene.ts";

type Is = (record: EventRecord) => boolean;

/** What may be told of a shard, as far as it can be said from outside. */
type Bounds = {
  readonly least: number;
  readonly most: number;
  /** What an edge took with it that died, and a copy of the counters had of it: told, or possible. */
  readonly seen: number;
};

const losses = ({ plan }: Scene): boolean => plan.acts.some(({ kind }) => redisLoses(kind));
const goesBack = ({ plan }: Scene): boolean => plan.acts.some(({ kind }) => postgresGoesBack(kind));

/** Of how many numbers of an event nobody can say from outside whether they are told. */
const createUnsure = (scene: Scene, isThere: Is, isDead: Is) => {
  const { books } = scene;
  const both = losses(scene) && goesBack(scene);
  // Of an event with two copies one may be lost, or both. Not where a drain that had its answers brought it twice from its one row: that was deleted once.
  // Where both went back a row that was dropped as a duplicate counts, too.
  const isTwice = ({ copies, rows, posted, copied, inDoubt }: EventRecord): boolean =>
    (copies > 1 && (rows !== 1 || posted || copied || inDoubt)) || (both && rows + (posted ? 1 : 0) > 1);
  const numbersOf = ({ copies, rows }: EventRecord): number => copies + (both ? rows : 0);
  const whereRedisLost = (record: EventRecord): number => {
    if (!isThere(record)) return record.wiped ? record.copies - (record.accepted ? 1 : 0) : 0;
    return isTwice(record) || isDead(record) || books.mayBeToldLost(record) ? numbersOf(record) : 0;
  };
  // Redis has forgotten what Postgres was said to know by then.
  const whereNotRedis = (record: EventRecord): number =>
    goesBack(scene) && isThere(record) && books.mayBeToldLost(record) ? record.copies : 0;
  return losses(scene) ? whereRedisLost : whereNotRedis;
};

const boundsOf = (scene: Scene, shard: number, isThere: Is, isDead: Is): Bounds => {
  const { memory, history, books } = scene;
  const here = history.records().filter(({ event }) => event.shard === shard);
  const gone = here.filter((record) => record.accepted && !isThere(record));
  const lost = gone.filter((record) => !(record.untold && record.rowsLost === 0));
  const unsureOf = createUnsure(scene, isThere, isDead);
  // Of one that both have lost, Redis's is the one that counts.
  const rowsOf = (record: EventRecord): number =>
    Math.max(0, record.rowsLost - (lost.includes(record) && !(record.wiped && record.copies > 0) ? 1 : 0));
  // An application's row that came and was drained since the moment to which Postgres went back: of it there is nothing left, and it was
  // nobody's (seed 2000325). One that was there then comes back, and is no loss.
  const isNobodys = ({ accepted, wiped }: EventRecord): boolean =>
    losses(scene) && goesBack(scene) && wiped && accepted?.by === "application";
  const mayBeUntold = (record: EventRecord): boolean =>
    record.untold || isNobodys(record) || books.mayBeUntold(record) || (record.unparked && books.parkedUntold(record));
  const isPossible = (record: EventRecord): boolean =>
    !record.untold && record.rowsLost === 0 && books.mayBeUntold(record) && books.wasSeen(record);
  // Events that a hand appended are nobody's, and yet somebody may have answered for the shard as a whole.
  // A replayed letter's event has another number, and no record of its own.
  const replays = memory.letters.all().filter((letter) => letter.shard === shard && letter.replayedBy !== null);
  // What was parked has a number that ends when it comes out: who died with that had told nobody.
  const cameOut = here.filter((record) => isThere(record) && books.throughUntold(record)).length;
  const sure = losses(scene) ? gone.length + replays.length : lost.length;
  const unsure = here.reduce((sum, record) => sum + unsureOf(record) + rowsOf(record), 0);
  return {
    least: lost.filter((record) => !mayBeUntold(record)).length,
    most: sure + unsure + cameOut + history.intruders(shard),
    seen: lost.filter(isPossible).length,
  };
};

/**
 * What is told as lost is what was accepted and is lost. It may be less by what an edge took with it that died; and more by
 * what the stream or the outbox had and nobody answered for, or had twice, and by what got through without a relay that lives
 * having been told so. One that lives says it again when Postgres has gone back; behind what Redis has forgotten nobody else knows of it
 * (seed 700081: a relay killed 275 ms after that).
 */
export const checkLedger = (scene: Scene, isThere: Is, dead: ReadonlySet<EventRecord>): void => {
  const { memory, settings, books, violate } = scene;
  for (let shard = 0; shard < settings.shards; shard++) {
    const { least, most, seen } = boundsOf(scene, shard, isThere, (record) => dead.has(record));
    const said = memory.ledger.unaccounted(shard);
    const possible = memory.ledger.possible(shard);
    // Where both went back the copy may be gone, too.
    const named = losses(scene) && goesBack(scene) ? 0 : books.namedIn(memory.ledger.losses(shard));
    if (named > 0) violate(`shard ${shard}: ${named} are told as lost of which there was a copy`);
    if (possible > 0 && !books.anEdgeDied()) violate(`shard ${shard}: ${possible} may be lost, and each edge lives`);
    if (said < least || said > most) violate(`shard ${shard}: ${said} unaccounted, but ${least} to ${most} are gone`);
    if (said + possible < least + seen)
      violate(`shard ${shard}: ${said} unaccounted, ${possible} possible, but ${least + seen} gone were told or seen`);
  }
};
