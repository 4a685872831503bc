/**
 * How many shards an owner should hold: all of them add up to exactly `shards`, so nobody waits for a shard that nobody
 * would give up. `from` is where it starts to look for free ones; owners start apart and seldom race for the same.
 */
export const shareOf = (
  owner: string,
  owners: readonly string[],
  shards: number,
): { readonly count: number; readonly from: number } => {
  const rank = Math.max(0, owners.indexOf(owner));
  const live = Math.max(1, owners.length);
  const least = Math.floor(shards / live);
  const more = shards % live;
  return { count: least + (rank < more ? 1 : 0), from: rank * least + Math.min(rank, more) };
};
