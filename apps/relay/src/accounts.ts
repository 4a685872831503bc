import {
  type Checkpointed,
  farewellOf,
  lossesOf,
  lostOf,
  possibleLossesOf,
  type ShardCounts,
  unionOf,
  type WriterRow,
} from "@spillway/event";
import type { Term } from "./lease/term.ts";
import type { RelayParts } from "./parts.ts";
import type { OpenShard } from "./shard/open-shards.ts";
import type { Through } from "./shard/through.ts";

const RECORD_MS = 2_000;

/** With what this relay knows and has not recorded yet. */
const upToDate = (rows: readonly WriterRow[], through: Through): readonly WriterRow[] =>
  rows.map((row) => ({ ...row, ended: unionOf(row.ended, through.of(row.writer)) }));

/** Compares what was acknowledged with what Redis has had and what has met its end, and tells what is missing. */
export const createAccountant = (parts: RelayParts) => {
  const { shardStream, ledger, tokens, log, measures, givenUpForMs } = parts;
  /** What the copy before was answered, so older than the counters that it is compared with. It outlives a term. */
  const knowns = new Map<number, Pick<Checkpointed, "writers" | "folded">>();
  const tolds = new Map<number, number>();
  const possibles = new Map<number, { readonly seen: number; readonly told: number }>();
  let sequence = 0;

  /** Answers whether it is more than was told before. */
  const tell = (shard: number, unaccounted: number): boolean => {
    const isMore = unaccounted > (tolds.get(shard) ?? 0);
    measures.unaccounted.set(unaccounted, { shard: String(shard) });
    if (isMore) log("error", "events.unaccounted", { shard, events: unaccounted });
    tolds.set(shard, unaccounted);
    return isMore;
  };

  /** Who lives has told within a second what it was answered, and it is no more than possible for that long. */
  const tellPossible = (shard: number, events: number): void => {
    const last = possibles.get(shard) ?? { seen: 0, told: 0 };
    const told = Math.min(last.seen, events);
    measures.possiblyLost.set(told, { shard: String(shard) });
    if (told > last.told) log("error", "events.possibly_lost", { shard, events: told });
    possibles.set(shard, { seen: events, told });
  };

  /** Each life of a process is a writer: without this there would be more for ever. */
  const partWith = async ({ lease }: Term, rows: readonly WriterRow[], counts: ShardCounts, through: Through) => {
    const { forget, retire, fold } = farewellOf(rows, counts.totals, givenUpForMs);
    if (forget.length > 0) await shardStream.forget(lease, forget);
    if (retire.length > 0) await ledger.retire(lease.shard, retire);
    if (fold.length > 0) await ledger.fold(lease.shard, fold);
    // Not what retires: Postgres may go back behind its end, and whoever was answered says so again.
    through.forget(fold.map(({ writer }) => writer));
  };

  return {
    /** What got through, what the drain appended and what was parked, of shards that are no longer ours, too. */
    record: async (throughs: readonly Through[]): Promise<void> => {
      const appended = Object.values(parts.writers).map((each) => ({ each, known: each.known() }));
      const news = throughs.map((through) => through.news());
      const positions = news.flatMap((told, shard) => told.map((one) => ({ shard, acknowledged: 0, ...one })));
      const all = [...appended.flatMap(({ known }) => known), ...positions];
      // Nobody is asked for nothing, and that is no word from Postgres: it would be up, in the log, each time.
      if (all.length === 0) return;
      const answer = await ledger.record(all, RECORD_MS);
      if (!answer.ok) return;
      for (const { each, known } of appended) each.recorded(known);
      for (const [shard, told] of news.entries()) throughs[shard]?.told(told);
    },
    /** Copies these counters, with what is missing by them. */
    copy: async ({ term, drain, through }: OpenShard, counts: ShardCounts): Promise<void> => {
      const { shard } = term.lease;
      if (counts.isEmpty) through.emptied(counts.totals);
      const known = knowns.get(shard);
      const rows = known ? upToDate(known.writers, through) : null;
      const losses = rows && lossesOf(rows, counts.totals);
      const possible = possibleLossesOf(rows ?? [], counts.totals);
      const answer = await ledger.checkpoint(term.lease, ++sequence, { counts, losses, possible });
      if (!answer.ok) return;
      tokens.saw(shard, answer.value.token);
      if (answer.value.late) return term.end("outranked");
      // However old, of what Postgres has a copy.
      if (losses !== null && tell(shard, lostOf(losses) + (known?.folded ?? 0)))
        drain.restore.doubt(Number.POSITIVE_INFINITY);
      if (losses !== null) tellPossible(shard, lostOf(possible));
      knowns.set(shard, answer.value);
      // By what is recorded: what this relay alone knows is still to be told.
      await partWith(term, answer.value.writers, counts, through);
    },
    /** Of a shard that is no longer ours: another relay shows it. */
    clear: (shard: number): void => {
      for (const gauge of [measures.unaccounted, measures.possiblyLost]) gauge.set(0, { shard: String(shard) });
      possibles.delete(shard);
    },
  };
};
