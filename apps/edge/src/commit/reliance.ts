import { promiseAfter, type Tier, type TierHealth, type TierPromise } from "@spillway/event";
import type { CommitParts, CommitterOptions } from "./committer.ts";
import { type Reliance, relianceOf } from "./route.ts";

const becauseOf = (promise: TierPromise): string => (promise.state === "kept" ? "" : promise.because.join(", "));

/** Where events may go by what the stream has told of its promise; says in the log and in the metrics when that changes. */
export const createReliance = (
  tier: Pick<Tier, "name">,
  { log, metrics, onChange }: Pick<CommitParts, "log" | "metrics" | "onChange">,
  { onWeakRedis }: Pick<CommitterOptions, "onWeakRedis">,
) => {
  /** Null until a server has told. */
  let promise: TierPromise | null = null;
  let reliance: Reliance = relianceOf("unknown", onWeakRedis);
  metrics.promise(tier.name, "unknown");
  return {
    now: (): Reliance => reliance,
    hear: ({ promise: told }: Pick<TierHealth, "promise">): void => {
      if (told === null) return;
      const [before, relied] = [promise, reliance];
      const now = promiseAfter(before, told);
      if (before !== null && before.state === now.state && becauseOf(before) === becauseOf(now)) return;
      promise = now;
      reliance = relianceOf(now.state, onWeakRedis);
      metrics.promise(tier.name, now.state);
      const fields = { tier: tier.name, because: becauseOf(now), events_go_to: reliance };
      if (now.state !== "kept") log("warn", `promise.${now.state}`, fields);
      else if (before !== null) log("info", "promise.kept", { tier: tier.name });
      if (reliance !== relied) onChange();
    },
  };
};
