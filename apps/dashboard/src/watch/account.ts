import { accountOf, type ParkedTopic } from "@spillway/event";
import type { ShardRow, Sights } from "../ports.ts";

/** Where every event is. Null: not known. `accepted` is the sum of what follows, of events since this Redis was empty. */
export type Account = {
  readonly accepted: number | null;
  readonly relayed: number | null;
  readonly stream: number | null;
  readonly outbox: number | null;
  readonly parked: number | null;
  /** The three above. */
  readonly waiting: number | null;
  readonly dead: number | null;
  readonly unaccounted: number | null;
  /** Of whatever waits, the age of the oldest; null: nothing waits, or nothing is known. */
  readonly oldestMs: number | null;
};

/** As the stream counts, and what became of the shard's parked events since they have left it. */
export const withParked = (row: ShardRow, parked: readonly ParkedTopic[] | null): ShardRow => {
  if (row.known === null) return row;
  const { backlogEvents, relayed, dead, parked: left } = row.known;
  const counts = { accepted: backlogEvents + relayed + dead + left, relayed, dead, parked: left };
  const account = accountOf(counts, parked?.filter(({ shard }) => shard === row.shard) ?? null);
  return { ...row, known: { ...row.known, relayed: account.relayed, dead: account.dead } };
};

const sumOf = (values: readonly (number | null | undefined)[]): number | null => {
  let sum = 0;
  for (const value of values) {
    if (value == null) return null;
    sum += value;
  }
  return sum;
};

/** What waits of a shard in all three places; null: not known. */
export type ShardAges = { readonly waiting: number | null; readonly oldestMs: number | null };

/** In the order of the shards. */
export const shardAgesOf = ({ shards, outbox, parked }: Sights, atMs: number): readonly ShardAges[] =>
  shards.map(({ shard, known }) => {
    const rows = (outbox ?? []).filter((row) => row.shard === shard && row.events > 0);
    const lots = (parked ?? []).filter((lot) => lot.shard === shard && lot.events > 0);
    const ages = [
      known?.oldestAgeMs ?? null,
      ...rows.map(({ oldestAtMs }) => atMs - oldestAtMs),
      ...lots.map(({ sinceMs }) => atMs - sinceMs),
    ].filter((age) => age !== null);
    const waiting = [...rows, ...lots].reduce((sum, { events }) => sum + events, known?.backlogEvents ?? 0);
    const isKnown = known !== null && outbox !== null && parked !== null;
    return { waiting: isKnown ? waiting : null, oldestMs: ages.length === 0 ? null : Math.max(0, ...ages) };
  });

/** `shards` as they count themselves: what was parked is looked up here. */
export const accountOfAll = (sights: Sights, atMs: number): Account => {
  const oldest = shardAgesOf(sights, atMs)
    .map(({ oldestMs }) => oldestMs)
    .filter((age) => age !== null);
  const counted = sights.shards.map((row) => withParked(row, sights.parked).known);
  const stream = sumOf(counted.map((known) => known?.backlogEvents));
  const outbox = sights.outbox && sumOf(sights.outbox.map(({ events }) => events));
  const parked = sights.parked && sumOf(sights.parked.map(({ events }) => events));
  const relayed = parked === null ? null : sumOf(counted.map((known) => known?.relayed));
  const dead = parked === null ? null : sumOf(counted.map((known) => known?.dead));
  const waiting = sumOf([stream, outbox, parked]);
  return {
    accepted: sumOf([relayed, waiting, dead]),
    relayed,
    stream,
    outbox,
    parked,
    waiting,
    dead,
    unaccounted: sights.accounts?.unaccounted ?? null,
    oldestMs: oldest.length === 0 ? null : Math.max(...oldest),
  };
};
