import { createBelonging, type Installation, type InstallationKeeper, type Keeper } from "@spillway/event";
import type { Outages } from "./outages.ts";

/** The installation of a process that has asked both keepers and belongs to them, for who tests something else. */
export const settledBelonging = (shards = 4) => {
  const installation: Installation = { id: "memory", namespace: "memory", shards };
  const belonging = createBelonging(installation);
  for (const keeper of ["redis", "postgres"] as const) belonging.found(keeper, installation);
  return belonging;
};

/** Where an installation stands; one, whoever comes first. */
export const createInstallationCell = () => {
  let recorded: Installation | null = null;
  return {
    now: (): Installation | null => recorded,
    record: (installation: Installation): Installation => {
      recorded ??= installation;
      return recorded;
    },
    clear: (): void => {
      recorded = null;
    },
  };
};

type Cell = Pick<ReturnType<typeof createInstallationCell>, "now" | "record">;

/** Redis's, as a relay records it. */
export const divertingCell = ({ now, record }: Cell, shards: number, divert: (shard: number) => void): Cell => ({
  now,
  record: (installation) => {
    if (now() === null) for (let shard = 0; shard < shards; shard++) divert(shard);
    return record(installation);
  },
});

export const createInstallationKeeper = (cell: Cell, keeper: Keeper, { behind }: Outages): InstallationKeeper => ({
  read: behind(keeper, cell.now),
  record: behind(keeper, cell.record),
});
