import { type Clock, within } from "@spillway/event";
import type { Term, TermEnd } from "../lease/term.ts";
import type { Measures } from "../measures.ts";
import { createDrain, type Drain, type DrainOptions } from "./drain.ts";
import { createPump, type Pump, type PumpOptions } from "./pump.ts";

/** What a shard has for one term. */
export type OpenShard = { readonly term: Term; readonly pump: Pump; readonly drain: Drain };

export type OpenShardsOptions = {
  readonly clock: Clock;
  readonly measures: Measures;
  readonly shards: number;
  /** How long giving up a shard waits for what is in hand. */
  readonly finishMs: number;
  /** Events and bytes of events in memory, all shards together. */
  readonly inFlightEventsMax: number;
  readonly inFlightBytesMax: number;
  /** Runs a loop in the background; its rejection ends the relay. */
  readonly start: (loop: Promise<void>) => void;
};

type Own = "term" | "eventsMax" | "bytesMax" | "confirmed";

/** The shards that are ours now. */
export type OpenShards = {
  all(): readonly OpenShard[];
  /** Opens it for as long as the term lasts. */
  open(term: Term, parts: Omit<PumpOptions & DrainOptions, Own>): void;
  /** Reads no more of it, and ends when nothing of it is in hand. */
  finish(term: Term): Promise<void>;
  endAll(reason: TermEnd): void;
};

export const createOpenShards = (options: OpenShardsOptions): OpenShards => {
  const { clock, measures, shards, finishMs, inFlightEventsMax, inFlightBytesMax, start } = options;
  const open = new Map<number, OpenShard & { readonly pumped: Promise<void> }>();
  /** Outlives the terms. */
  const confirmed = Array.from({ length: shards }, () => new Map<string, number>());
  const partOf = (max: number) => (): number => max / Math.max(1, open.size);

  return {
    all: () => [...open.values()],
    open: (term, parts) => {
      const { shard } = term.lease;
      const pump = createPump({
        ...parts,
        term,
        eventsMax: partOf(inFlightEventsMax),
        bytesMax: partOf(inFlightBytesMax),
        confirmed: confirmed[shard] ?? new Map(),
      });
      const drain = createDrain({ ...parts, term });
      const pumped = pump.run();
      start(pumped);
      open.set(shard, { term, pump, drain, pumped });
      measures.shardOwned.set(1, { shard: String(shard) });
      term.onEnd(() => {
        open.delete(shard);
        measures.shardOwned.set(0, { shard: String(shard) });
      });
    },
    finish: async (term) => {
      const shard = open.get(term.lease.shard);
      if (shard?.term !== term) return;
      shard.drain.stop();
      shard.pump.finish();
      await within(clock, finishMs, shard.pumped);
    },
    endAll: (reason) => {
      for (const { term } of [...open.values()]) term.end(reason);
    },
  };
};
