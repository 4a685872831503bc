import type { Term } from "../lease/term.ts";
import type { Mode } from "../mode.ts";
import type { RelayParts } from "../parts.ts";
import type { DrainModeName } from "./drain-mode.ts";

/** A shard's diversion in Redis, as the drain begins, finds and ends it under its term's lease. */
export const createDiversion = (
  { shardStream, log }: Pick<RelayParts, "shardStream" | "log">,
  term: Term,
  mode: Mode<DrainModeName>,
  stand: (code: string) => void,
) => {
  const { lease } = term;
  const { shard } = lease;
  /** Of the diversion that we began. */
  let stamp = "";

  /** Answers whether a stamp stands; null: nobody knows. */
  const isStamped = async (as: "asking" | "looking"): Promise<boolean | null> => {
    mode.enter(as);
    const answer = await shardStream.diversion(shard);
    if (!answer.ok) mode.enter("unknown");
    else if (answer.value === null) mode.enter("open");
    return answer.ok ? answer.value !== null : null;
  };

  /** Under a new stamp, whichever stood there: an end of an older one may have been asked for, and come to pass any time. */
  const begin = async (): Promise<void> => {
    mode.enter("beginning");
    const answer = await shardStream.divert(lease);
    if (answer.ok && answer.value.kind === "diverted") {
      stamp = answer.value.stamp;
      mode.enter("moving");
      log("info", "diversion.begun", { shard });
      return;
    }
    mode.enter("unknown");
    if (answer.ok) term.end("fenced");
    else stand("diversion_not_begun");
  };

  /** Where somebody raised it since `stamp`, which is older than the read that showed the outbox empty, all begins anew. */
  const end = async (): Promise<void> => {
    mode.enter("ending");
    const answer = await shardStream.endDiversion(lease, stamp);
    const isEnded = answer.ok && answer.value === "ok";
    mode.enter(isEnded ? "open" : "unknown");
    if (isEnded) log("info", "diversion.ended", { shard });
    if (answer.ok && answer.value === "fenced") term.end("fenced");
  };

  return { isStamped, begin, end };
};
