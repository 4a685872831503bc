import type { Sights } from "../ports.ts";
import type { Said } from "../sights/ask.ts";
import type { Account } from "../watch/account.ts";
import type { Capacity } from "../watch/capacity.ts";
import type { Flow } from "../watch/flow.ts";

/** One look at everything, with what follows from its numbers. */
export type Look = Sights & {
  readonly atMs: number;
  readonly account: Account;
  readonly flow: Flow;
  readonly capacity: Capacity;
};

export const isRedisSilent = ({ shards }: Sights): boolean => shards.some(({ known }) => known === null);
/** It said nothing at all; one answer that is missing is another trouble. */
export const isPostgresSilent = ({ outbox, parked, accounts, totals }: Sights): boolean =>
  outbox === null && parked === null && accounts === null && totals === null;

/** By a key, in the order of their first ones. */
export const groupedBy = <T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
};

/** Those that answer. */
export const saidBy = <T>(all: readonly Said<T>[]) =>
  all.flatMap(({ at, said }) => (said === null ? [] : [{ at, said }]));
