import { within } from "@spillway/event";
import type { Term, TermEnd } from "../lease/term.ts";
import type { Topics } from "../partition/topics.ts";
import type { RelayParts } from "../parts.ts";
import { type BirthWatch, createBirthWatch } from "./birth-watch.ts";
import { createDrain, type Drain } from "./drain.ts";
import type { Ends } from "./in-hand.ts";
import { createPump, type Pump } from "./pump.ts";
import { createSweep, type Sweep } from "./sweep.ts";
import { createThrough, type Through } from "./through.ts";

/** What a shard has for one term. */
export type OpenShard = {
  readonly term: Term;
  readonly pump: Pump;
  readonly drain: Drain;
  readonly sweep: Sweep;
  /** Of all terms. */
  readonly through: Through;
  readonly birthWatch: BirthWatch;
};

/** The shards that are ours now. `onDue`: a drain of one has something to do. */
export const createOpenShards = (parts: RelayParts, onDue: () => void) => {
  const { clock, measures, shards, finishMs, inFlightEventsMax, inFlightBytesMax, dedupWindowMs, activity, start } =
    parts;
  const open = new Map<number, OpenShard & { readonly onDoubt: () => void; readonly pumped: Promise<void> }>();
  /** Outlives the terms. */
  const confirmed = Array.from({ length: shards }, () => new Map<string, Ends>());
  const throughs = Array.from({ length: shards }, createThrough);
  const partOf = (max: number) => (): number => max / Math.max(1, open.size);

  return {
    all: (): readonly OpenShard[] => [...open.values()],
    /** By shard, ours or not. */
    throughs: throughs as readonly Through[],
    /** Opens it for as long as the term lasts. */
    open: (term: Term, topics: Topics): void => {
      const { shard } = term.lease;
      const doubt = (youngerThanMs: number): void => {
        activity.busy();
        sweep.forget();
        drain.restore.doubt(youngerThanMs);
      };
      const through = throughs[shard] as Through;
      const onDoubt = (): void => doubt(dedupWindowMs);
      const pump = createPump({
        ...parts,
        onDoubt,
        through,
        term,
        topics,
        eventsMax: partOf(inFlightEventsMax),
        bytesMax: partOf(inFlightBytesMax),
        confirmed: confirmed[shard] ?? new Map(),
      });
      const drain = createDrain({ ...parts, through, isInHand: pump.holdsCopied, onDue }, term);
      const sweep = createSweep(parts, shard, drain.restore);
      const birthWatch = createBirthWatch(parts, shard, (youngerThanMs) => {
        doubt(youngerThanMs);
        start(pump.lots.otherServer());
      });
      onDoubt();
      const pumped = pump.run();
      start(pumped);
      open.set(shard, { term, pump, drain, sweep, birthWatch, onDoubt, through, pumped });
      measures.shardOwned.set(1, { shard: String(shard) });
      term.onEnd(() => {
        open.delete(shard);
        measures.shardOwned.set(0, { shard: String(shard) });
      });
    },
    /** Every stream may lack something that was appended to it. */
    doubt: (): void => {
      activity.busy();
      parts.belonging.doubt("redis");
      for (const { onDoubt } of open.values()) onDoubt();
    },
    /** Reads no more of it, and ends when nothing of it is in hand. */
    finish: async (term: Term): Promise<void> => {
      const shard = open.get(term.lease.shard);
      if (shard?.term !== term) return;
      shard.drain.stop();
      shard.pump.finish();
      await within(clock, finishMs, shard.pumped);
    },
    endAll: (reason: TermEnd): void => {
      for (const { term } of [...open.values()]) term.end(reason);
    },
  };
};
