import type { Lease } from "@spillway/event";

/** What the lease key holds while this lease stands; the scripts compare it. */
export const leaseValue = ({ token, owner }: Pick<Lease, "token" | "owner">): string => `${token} ${owner}`;

/** Null when the text is no lease's value. */
export const parseLeaseValue = (value: string): { readonly owner: string; readonly token: number } | null => {
  const space = value.indexOf(" ");
  const token = Number(value.slice(0, space));
  return space > 0 && Number.isSafeInteger(token) ? { owner: value.slice(space + 1), token } : null;
};
