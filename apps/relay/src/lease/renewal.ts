import type { RelayParts } from "../parts.ts";
import type { Term } from "./term.ts";

/**
 * Parts of the lease's time. Each look of the membership renews what is ours, with its announcement. What was not renewed for so
 * long, since it failed or nobody looks any more (a stop finishes what is in hand), is asked for here, and may fail twice.
 */
const RENEW_PART = 2.5;
const RETRY_PART = 20;

type Parts = Pick<RelayParts, "leases" | "clock" | "leaseTtlMs">;

/** Asks once. */
export const renew = async (term: Term, { leases, clock, leaseTtlMs }: Parts): Promise<void> => {
  const sentAtMs = clock.monotonicMs();
  const answer = await leases.renew(term.lease, leaseTtlMs);
  if (answer.ok && answer.value) term.renewed(sentAtMs);
  else if (answer.ok) term.end("fenced");
};

/** Renews the term's lease until the term is over. */
export const keepAlive = async (term: Term, parts: Parts): Promise<void> => {
  const { clock, leaseTtlMs } = parts;
  const ended = new AbortController();
  term.onEnd(() => ended.abort());
  while (!term.over) {
    await clock.sleep(leaseTtlMs / RETRY_PART, ended.signal);
    if (!term.holds()) return;
    if (clock.monotonicMs() - term.renewedAtMs >= leaseTtlMs / RENEW_PART) await renew(term, parts);
  }
};
