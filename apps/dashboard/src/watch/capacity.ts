import type { Sights } from "../ports.ts";
import type { EdgeReadiness } from "../sights/edges.ts";
import type { Account } from "./account.ts";
import type { Flow } from "./flow.ts";

type Limits = EdgeReadiness["limits"];

/** How full it is, and when it will be at this rate. Null: not known, or it will not be. */
export type Capacity = {
  /** From 0 to 1: of the fullest shard in Redis, and of the outbox. */
  readonly streamFill: number | null;
  readonly outboxFill: number | null;
  /** Until the first shard overflows into Postgres, and until clients get 429. */
  readonly overflowsInMs: number | null;
  readonly fullInMs: number | null;
  /** Until nothing waits any more. */
  readonly drainedInMs: number | null;
};

/** The least of what the edges say: each keeps its own. */
const limitsOf = ({ edges }: Sights): Limits | null => {
  const said = edges.flatMap(({ said }) => (said === null ? [] : [said.limits]));
  if (said.length === 0) return null;
  const least = (name: keyof Limits) => Math.min(...said.map((limits) => limits[name]));
  return {
    backlog_events_max: least("backlog_events_max"),
    backlog_bytes_max: least("backlog_bytes_max"),
    outbox_events_max: least("outbox_events_max"),
    outbox_bytes_max: least("outbox_bytes_max"),
  };
};

const streamFillOf = ({ shards }: Sights, limits: Limits): number | null => {
  if (shards.some(({ known }) => known === null)) return null;
  const fills = shards.map(({ known }) =>
    Math.max(
      (known?.backlogEvents ?? 0) / limits.backlog_events_max,
      (known?.backlogBytes ?? 0) / limits.backlog_bytes_max,
    ),
  );
  return Math.max(0, ...fills);
};

export const capacityOf = (sights: Sights, account: Account, { inPerSecond, outPerSecond }: Flow): Capacity => {
  const limits = limitsOf(sights);
  const growth = inPerSecond === null || outPerSecond === null ? 0 : inPerSecond - outPerSecond;
  const drainedInMs = account.waiting !== null && growth < 0 ? (account.waiting * 1_000) / -growth : null;
  if (limits === null) return { streamFill: null, outboxFill: null, overflowsInMs: null, fullInMs: null, drainedInMs };
  const streamFill = streamFillOf(sights, limits);
  const outboxFill = account.outbox === null ? null : account.outbox / limits.outbox_events_max;
  const { stream, outbox } = account;
  // The fullest shard overflows first; what it has room for at the mean size of what waits is the same share of all of it.
  const streamRoom =
    streamFill === null || stream === null
      ? null
      : Math.max(0, streamFill === 0 ? limits.backlog_events_max * sights.shards.length : stream / streamFill - stream);
  const overflowsInMs = growth > 0 && streamRoom !== null ? (streamRoom * 1_000) / growth : null;
  const outboxRoom = outbox === null ? null : Math.max(0, limits.outbox_events_max - outbox);
  const fullInMs = overflowsInMs === null || outboxRoom === null ? null : overflowsInMs + (outboxRoom * 1_000) / growth;
  return { streamFill, outboxFill, overflowsInMs, fullInMs, drainedInMs };
};
