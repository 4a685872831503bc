import { accountOf, type ShardCounts } from "@spillway/event";
import { createAccountant } from "./accounts.ts";
import type { Measures } from "./measures.ts";
import type { Survey } from "./parking/survey.ts";
import type { RelayParts } from "./parts.ts";
import type { Drain } from "./shard/drain.ts";
import type { OpenShard } from "./shard/open-shards.ts";
import type { Pump } from "./shard/pump.ts";

const NOTHING: ShardCounts = {
  epoch: null,
  accepted: 0,
  duplicate: 0,
  relayed: 0,
  dead: 0,
  parked: 0,
  backlogBytes: 0,
  totals: [],
  isEmpty: false,
};

/** What the last checkpoint of a shard told. It outlives a term, or an emptied Redis would look like a new one. */
type Last = {
  epoch: string | null;
  accepted: number;
  /** Events that had left the stream, and since when it has held some and none left it. */
  gone: number;
  stillSinceMs: number | null;
};

type Parked = Parameters<typeof accountOf>[1];

const UNSEEN: Last = { epoch: null, accepted: 0, gone: -1, stillSinceMs: null };

/** Where no topic is marked, nothing is parked, also before Postgres has said so: a takeover is no reason for a backlog. */
const parkedOf = ({ term, pump }: OpenShard, survey: Pick<Survey, "of">): Parked =>
  survey.of(term.lease.shard) ?? (pump.lots.all().length === 0 ? [] : null);

const showAccount = (measures: Measures, shard: number, counts: ShardCounts, topics: Parked): void => {
  const labels = { shard: String(shard) };
  const { duplicate, parked } = counts;
  const { accepted, relayed, dead, pending } = accountOf(counts, topics);
  measures.accepted.set(accepted, labels);
  measures.duplicate.set(duplicate, labels);
  measures.relayed.set(relayed, labels);
  measures.dead.set(dead, labels);
  measures.pending.set(pending, labels);
  measures.shardBacklog.set(accepted - counts.relayed - counts.dead - parked, labels);
  measures.shardBacklogBytes.set(counts.backlogBytes, labels);
};

/** Copies a shard's counters out of Redis, shows them, and lets the pump look again where they do not fit what it saw. */
export const createCheckpoints = (parts: RelayParts, survey: Pick<Survey, "of">) => {
  const { shardStream, clock, log, measures } = parts;
  const accountant = createAccountant(parts);
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

  const show = (shard: number, counts: ShardCounts, topics: Parked, oldestAtMs: number | null): void => {
    showAccount(measures, shard, counts, topics);
    // What was not even read is at least as old as the time for which nothing has left.
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
      const counts = await shardStream.counts(shard);
      if (!counts.ok || !term.holds()) return;
      follow(shard, counts.value);
      show(shard, counts.value, parkedOf(open, survey), pump.oldestAtMs);
      compare(shard, counts.value, pump, drain);
      await accountant.copy(open, counts.value);
    },
    /** The numbers of a shard that is no longer ours: another relay shows them. */
    clear: (shard: number): void => {
      lastOf(shard).stillSinceMs = null;
      show(shard, NOTHING, [], null);
      accountant.clear(shard);
    },
  };
};
