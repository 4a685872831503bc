import type { ShardRow } from "../ports.ts";
import { createFlow, type Flow } from "./flow.ts";

/** What only several looks can tell of a shard. */
export type ShardNews = Flow & {
  /** Since when this owner was seen; null: there is none, or it is not known. */
  readonly ownerSinceMs: number | null;
};

/** Follows each shard from look to look. */
export const createShardWatch = () => {
  const flows = new Map<number, ReturnType<typeof createFlow>>();
  const owners = new Map<number, { readonly owner: string; readonly sinceMs: number }>();

  const ownerSince = ({ shard, known }: ShardRow, atMs: number): number | null => {
    if (known === null) return null;
    const last = owners.get(shard);
    if (known.owner === null) owners.delete(shard);
    else if (last?.owner !== known.owner) owners.set(shard, { owner: known.owner, sinceMs: atMs });
    return owners.get(shard)?.sinceMs ?? null;
  };

  return (rows: readonly ShardRow[], atMs: number): readonly ShardNews[] =>
    rows.map((row) => {
      const { shard, known } = row;
      const flow = flows.get(shard) ?? createFlow();
      flows.set(shard, flow);
      const ended = known === null ? 0 : known.relayed + known.dead;
      flow.saw(
        known === null
          ? null
          : { atMs, accepted: ended + known.parked + known.backlogEvents, ended: ended + known.parked },
      );
      return { ...flow.rates(), ownerSinceMs: ownerSince(row, atMs) };
    });
};
