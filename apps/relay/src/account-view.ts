import { accountOf, type ShardCounts } from "@spillway/event";
import type { Measures } from "./measures.ts";
import type { Survey } from "./parking/survey.ts";
import type { OpenShard } from "./shard/open-shards.ts";

type Parked = Parameters<typeof accountOf>[1];
type Asked = { readonly counts: ShardCounts; readonly askedAtMs: number };
type View = { last: Asked | null; epoch: string | null; relayed: number };

/** Where no topic is marked, nothing is parked, also before Postgres has said so: a takeover is no reason for a backlog. */
const parkedOf = ({ term, pump }: OpenShard, survey: Pick<Survey, "of">): Parked =>
  survey.of(term.lease.shard) ?? (pump.lots.all().length === 0 ? [] : null);

/**
 * Shows what became of each shard's events, as counters that never go back: Prometheus takes a smaller one for a new
 * beginning. Redis counts what left a stream to be parked, Postgres what waits there. Asked in that order, what waits may
 * be more than was counted, and what was relayed is at most told too late; the other way round three that were put
 * aside in between would have been relayed for a second. What was told once stays until the stream begins anew.
 */
export const createAccountView = (measures: Measures, survey: Pick<Survey, "of" | "isAfter">) => {
  const views = new Map<number, View>();

  const show = (shard: number, counts: ShardCounts, topics: Parked): void => {
    const labels = { shard: String(shard) };
    const view = views.get(shard) ?? { last: null, epoch: null, relayed: 0 };
    views.set(shard, view);
    const account = accountOf(counts, topics);
    const relayed = view.epoch === counts.epoch ? Math.max(view.relayed, account.relayed) : account.relayed;
    view.epoch = counts.epoch;
    view.relayed = relayed;
    measures.accepted.set(account.accepted, labels);
    measures.duplicate.set(counts.duplicate, labels);
    measures.relayed.set(relayed, labels);
    measures.dead.set(account.dead, labels);
    measures.pending.set(account.accepted - relayed - account.dead, labels);
    measures.shardBacklog.set(account.accepted - counts.relayed - counts.dead - counts.parked, labels);
    measures.shardBacklogBytes.set(counts.backlogBytes, labels);
  };

  return {
    /** `askedAtMs`: monotonic. While some are parked, the counts before these are shown, which Postgres was asked after. */
    show: (open: OpenShard, counts: ShardCounts, askedAtMs: number): void => {
      const { shard } = open.term.lease;
      const before = views.get(shard)?.last ?? null;
      const isKnown = open.pump.lots.all().length === 0 || survey.isAfter(askedAtMs);
      if (isKnown) show(shard, counts, parkedOf(open, survey));
      else if (before !== null && survey.isAfter(before.askedAtMs)) show(shard, before.counts, parkedOf(open, survey));
      else show(shard, counts, null);
      const view = views.get(shard);
      if (view) view.last = { counts, askedAtMs };
    },
    /** Of a shard that is no longer ours: another relay shows it. */
    clear: (shard: number): void => {
      const labels = { shard: String(shard) };
      views.delete(shard);
      for (const metric of [measures.accepted, measures.duplicate, measures.relayed, measures.dead])
        metric.remove(labels);
      for (const gauge of [measures.pending, measures.shardBacklog, measures.shardBacklogBytes]) gauge.set(0, labels);
    },
  };
};
