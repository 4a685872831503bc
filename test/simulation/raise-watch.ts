import type { Belonging } from "@spillway/event";
import { type Metrics, noMetrics } from "@spillway/telemetry";
import type { History } from "./history.ts";
import type { Process } from "./process.ts";

/** From one look of an edge at what the outbox holds to the next: 750 ms, and the moment in which both happen. */
const LOOKED_WITHIN_MS = 800;

/**
 * What one edge does so that others do not overtake what it has put into the outbox, and what kept it from that. Whether it
 * can reach Redis it says itself, by the metric of its breaker.
 */
export const createRaiseWatch = (
  nowMs: () => number,
  process: Process,
  { watchRaises, timesEmptied, looks }: Pick<History, "watchRaises" | "timesEmptied" | "looks">,
  belonging: Pick<Belonging, "refusal">,
  violate: (violation: string) => void,
) => {
  /** Of each shard in which Redis it was diverted for the last row of it, or had to be; null: it could not be, or nobody knows. */
  const raised = new Map<number, number | null>();
  let isReached = true;
  let lookedAtMs = nowMs();

  watchRaises(process.name, (shard) => raised.get(shard) ?? null);

  const gauge: Metrics["gauge"] = (name) => ({
    remove: () => undefined,
    set: (value, ...[labels]) => {
      const { tier, state } = (labels ?? {}) as { readonly tier?: string; readonly state?: string };
      if (name === "spillway_breaker_state" && tier === "stream" && state === "closed") isReached = value === 1;
    },
  });

  return {
    metrics: { ...noMetrics, gauge } satisfies Metrics,
    /**
     * An answer of the outbox that rows are recorded was heard, `inTime` or too late for whoever asked. Now Redis can be reached or
     * not, and where it can, the shards have to be diverted: until that is tried it is as if it had been. Not when the
     * client has its answer, which may wait for another shard (seed 726260: 190 ms, and Redis was back meanwhile).
     */
    recorded: (shards: readonly number[], inTime: boolean): void => {
      const mustRaise = inTime && isReached && belonging.refusal("redis") === null;
      for (const shard of shards) raised.set(shard, mustRaise ? timesEmptied() : null);
    },
    /** A call to divert shards ended; `timesEmptied` of its execution, null where its answer is not a yes. */
    raised: (shards: readonly number[], in_: number | null): void => {
      for (const shard of shards) raised.set(shard, in_);
    },
    /** A look is asked for. */
    asks: (): void => {
      lookedAtMs = nowMs();
    },
    /** A look is executed; answers what to call when its answer is heard. */
    looks: (shards: readonly number[]): (() => void) => looks(process.name, shards),
    /** An edge appends to the stream. */
    writes: (): void => {
      const forMs = nowMs() - lookedAtMs;
      if (forMs > LOOKED_WITHIN_MS && !process.frozenSince(lookedAtMs))
        violate(`writes to the stream and has not looked for ${forMs} ms what the outbox holds`);
    },
  };
};

export type RaiseWatch = ReturnType<typeof createRaiseWatch>;
