import type { RelayParts } from "../parts.ts";
import type { Term } from "./term.ts";

/** Parts of the lease's time: two renewals may fail before one is missed. */
const RENEW_PART = 3;
const RETRY_PART = 20;

/** Renews the term's lease until the term is over. */
export const keepAlive = async (
  term: Term,
  parts: Pick<RelayParts, "leases" | "clock" | "leaseTtlMs">,
): Promise<void> => {
  const { leases, clock, leaseTtlMs } = parts;
  const ended = new AbortController();
  term.onEnd(() => ended.abort());
  let waitMs = leaseTtlMs / RENEW_PART;
  while (!term.over) {
    await clock.sleep(waitMs, ended.signal);
    if (!term.holds()) return;
    const sentAtMs = clock.monotonicMs();
    const answer = await leases.renew(term.lease, leaseTtlMs);
    waitMs = leaseTtlMs / (answer.ok ? RENEW_PART : RETRY_PART);
    if (answer.ok && answer.value) term.renewed(sentAtMs);
    else if (answer.ok) term.end("fenced");
  }
};
