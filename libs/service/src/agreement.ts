import type { Clock } from "@spillway/event";

/** What Redis says about the number of shards; `reason` is a sentence for the operator. */
export type Agreement =
  | { readonly kind: "agreed" }
  | { readonly kind: "disagreed"; readonly reason: string }
  | { readonly kind: "unknown" };

const ASK_AGAIN_MS = 500;
const ASK_EVERY_MS = 10_000;

export type AgreementOptions = { readonly ask: () => Promise<Agreement>; readonly clock: Clock };

/** Asks until Redis answers: null when it agrees or the signal aborted, else why this process must not go on. */
export const untilAgreed = async ({ ask, clock }: AgreementOptions, signal: AbortSignal): Promise<string | null> => {
  while (!signal.aborted) {
    const agreement = await ask();
    if (agreement.kind === "disagreed") return agreement.reason;
    if (agreement.kind === "agreed") return null;
    await clock.sleep(ASK_AGAIN_MS, signal);
  }
  return null;
};

/** Goes on asking, since an emptied Redis has forgotten the number and takes the next process's. Ends like `untilAgreed`. */
export const whileAgreed = async (options: AgreementOptions, signal: AbortSignal): Promise<string | null> => {
  while (!signal.aborted) {
    const reason = await untilAgreed(options, signal);
    if (reason !== null) return reason;
    await options.clock.sleep(ASK_EVERY_MS, signal);
  }
  return null;
};
