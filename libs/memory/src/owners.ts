import type { Lease } from "@spillway/event";

type Copy = { readonly token: number; readonly sequence: number };

const isBehind = ({ token }: Lease, sequence: number, last: Copy): boolean =>
  token < last.token || (token === last.token && sequence <= last.sequence);

/** Whose each shard's row of the ledger is: that of the highest token, which writes copies to it and has the outbox's rows. */
export const createOwners = () => {
  let last = new Map<number, Copy>();
  const owner = (shard: number): number => last.get(shard)?.token ?? 0;
  return {
    owner,
    /** The token that the shard's rows of the outbox are for, now that this one has asked for them. */
    taken: ({ shard, token }: Pick<Lease, "shard" | "token">): number => {
      if (token > owner(shard)) last.set(shard, { token, sequence: 0 });
      return owner(shard);
    },
    /** Whether a copy comes too late to be written. */
    copied: (lease: Lease, sequence: number): boolean => {
      const { shard, token } = lease;
      const before = last.get(shard);
      if (before !== undefined && isBehind(lease, sequence, before)) return true;
      last.set(shard, { token, sequence });
      return false;
    },
    remember: () => {
      const then = new Map(last);
      return () => {
        last = new Map(then);
      };
    },
  };
};

export type Owners = ReturnType<typeof createOwners>;
