import { type OutboxDrain, Unavailable } from "@spillway/event";
import type { MemoryLedger } from "./ledger.ts";
import type { Outages } from "./outages.ts";
import type { Outbox } from "./outbox.ts";

/**
 * Rows leave only after `move` said that their appends succeeded. Nothing locks them meanwhile, as in Postgres: the
 * shard's lease keeps other drains away, and its token the delete of a former owner.
 */
export const createOutboxDrain = (
  outbox: Outbox,
  { behind, check }: Outages,
  { owners, keep }: Pick<MemoryLedger, "owners" | "keep">,
): OutboxDrain => ({
  occupied: behind("postgres", outbox.occupied),
  drain: async (lease, rowsMax, move, positions = () => []) => {
    const { shard, token } = lease;
    check("postgres");
    if (owners.taken(lease) > token) throw new Unavailable("outranked");
    const rows = outbox.rows(shard).slice(0, rowsMax);
    if (rows.length === 0) return { found: 0, removed: 0 };
    const moved = rows.slice(0, await move(rows));
    if (moved.length === 0) return { found: rows.length, removed: 0 };
    check("postgres");
    if (owners.owner(shard) > token) return { found: rows.length, removed: 0 };
    const removed = outbox.remove(moved);
    if (removed > 0) keep(positions());
    return { found: rows.length, removed };
  },
  size: behind("postgres", outbox.size),
  watch: behind("postgres", (onRows) => {
    const close = outbox.watch(onRows);
    return { close: async () => close() };
  }),
});
