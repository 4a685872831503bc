import type { Keyed } from "@spillway/event";
import type { Answer } from "../dependencies.ts";
import type { RelayParts } from "../parts.ts";
import type { Through } from "./through.ts";

export type NamingOptions = Pick<RelayParts, "copies"> & {
  /** Of the shard. */
  readonly through: Through;
};

/**
 * Says to Postgres of which chunks rows (`keep`) or copies (`rekey`) are copies now, and under which numbers. Where that has no answer none
 * may ever name these numbers: looked at again, the same events are duplicates, or are under others when Redis has lost these, and were
 * told as lost for good. Postgres has the events, so that nothing of these numbers can be.
 */
export const createNaming =
  ({ copies, through }: NamingOptions) =>
  async (as: "keep" | "rekey", keyed: readonly Keyed[]): Promise<Answer<void>> => {
    const answer = await copies[as](keyed);
    if (!answer.ok) for (const { named } of keyed) if (named) through.kept(named);
    return answer;
  };
