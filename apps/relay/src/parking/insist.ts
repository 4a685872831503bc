import { createBackoff, SHARD_RETRY } from "../backoff.ts";
import type { Answer } from "../dependencies.ts";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";
import type { Place, Spot, TroubleState } from "../troubles.ts";

export type Insisting = Pick<RelayParts, "clock" | "random"> & {
  readonly term: Term;
  readonly spot: Spot;
  readonly place: Place;
};

/** Asks again and again, seen to, until it is answered; null when the term is over first, or was fenced by the answer. */
export const insist = async <T>(
  { term, spot, place, clock, random }: Insisting,
  state: TroubleState,
  ask: () => Promise<Answer<T>>,
): Promise<{ readonly value: T } | null> => {
  const backoff = createBackoff(SHARD_RETRY, random);
  while (!term.over) {
    const answer = await ask();
    if (answer.ok && answer.value === "fenced") term.end("fenced");
    if (term.over) break;
    if (answer.ok) {
      spot.goes();
      return answer;
    }
    spot.stands(state, answer.code, place);
    await clock.sleep(backoff.nextMs());
  }
  return null;
};
