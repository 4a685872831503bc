import type { ShardCounts } from "@spillway/event";
import { createAccountView } from "./account-view.ts";
import { createAccountant } from "./accounts.ts";
import type { Survey } from "./parking/survey.ts";
import type { RelayParts } from "./parts.ts";
import type { Drain } from "./shard/drain.ts";
import type { OpenShard } from "./shard/open-shards.ts";
import type { Pump } from "./shard/pump.ts";

/** What the last checkpoint of a shard told. It outlives a term, or an emptied Redis would look like a new one. */
type Last = {
  epoch: string | null;
  accepted: number;
  /** Events that had left the stream, and since when it has held some and none left it. */
  gone: number;
  stillSinceMs: number | null;
};

const UNSEEN: Last = { epoch: null, accepted: 0, gone: -1, stillSinceMs: null };

/** Copies a shard's counters out of Redis, shows them, and lets the pump look again where they do not fit what it saw. */
export const createCheckpoints = (parts: RelayParts, survey: Pick<Survey, "of" | "isAfter">) => {
  const { shardStream, clock, log, measures } = parts;
  const accountant = createAccountant(parts);
  const view = createAccountView(measures, survey);
  const lasts = new Map<number, Last>();

  const lastOf = (shard: number): Last => {
    const last = lasts.get(shard) ?? { ...UNSEEN };
    lasts.set(shard, last);
    return last;
  };

  const stillMs = (shard: number): number => {
    const { stillSinceMs } = lastOf(shard);
    return stillSinceMs === null ? 0 : clock.monotonicMs() - stillSinceMs;
  };

  const follow = (shard: number, { accepted, relayed, dead, parked }: ShardCounts): void => {
    const last = lastOf(shard);
    const gone = relayed + dead + parked;
    if (accepted <= gone) last.stillSinceMs = null;
    else if (gone !== last.gone || last.stillSinceMs === null) last.stillSinceMs = clock.monotonicMs();
    last.gone = gone;
  };

  /** What was not even read is at least as old as the time for which nothing has left. */
  const showAge = (shard: number, oldestAtMs: number | null): void => {
    const ageMs = oldestAtMs === null ? 0 : clock.wallMs() - oldestAtMs;
    measures.shardOldestAge.set(Math.max(0, ageMs, stillMs(shard)) / 1000, { shard: String(shard) });
  };

  /** Another birth of the stream, or events that wait although all was read: its ids may have started over. */
  const compare = (shard: number, counts: ShardCounts, pump: Pump, drain: Drain): void => {
    const last = lastOf(shard);
    const { epoch, accepted, relayed, dead, parked } = counts;
    const emptied = last.epoch !== null && epoch !== last.epoch;
    if (emptied) log("error", "stream.emptied", { shard });
    if (accepted < last.accepted) drain.restore.doubt(Number.POSITIVE_INFINITY);
    last.accepted = accepted;
    if (emptied || (accepted > relayed + dead + parked && pump.entries === 0)) pump.rewind();
    last.epoch = epoch;
  };

  return {
    /** For how long the shard has held events of which none left it, whatever the reason; 0 while some do. */
    stillMs,
    record: accountant.record,
    write: async (open: OpenShard): Promise<void> => {
      const { term, pump, drain } = open;
      const { shard } = term.lease;
      const askedAtMs = clock.monotonicMs();
      const counts = await shardStream.counts(shard);
      if (!term.holds()) return;
      // It is older than it was also while nobody can say how much there is.
      if (!counts.ok) return showAge(shard, pump.oldestAtMs);
      follow(shard, counts.value);
      view.show(open, counts.value, askedAtMs);
      showAge(shard, pump.oldestAtMs);
      compare(shard, counts.value, pump, drain);
      await accountant.copy(open, counts.value);
    },
    /** The numbers of a shard that is no longer ours: another relay shows them. */
    clear: (shard: number): void => {
      lastOf(shard).stillSinceMs = null;
      view.clear(shard);
      showAge(shard, null);
      accountant.clear(shard);
    },
  };
};
