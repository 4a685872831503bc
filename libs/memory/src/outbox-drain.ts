import type { OutboxDrain } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Outbox } from "./outbox.ts";

/**
 * Rows leave only after `move` said that their appends succeeded. Nothing locks them meanwhile, as in Postgres: the
 * shard's lease keeps other drains away.
 */
export const createOutboxDrain = (outbox: Outbox, outages: Outages): OutboxDrain => ({
  occupied: async (shards) => {
    outages.check("postgres");
    return outbox.occupied(shards);
  },
  drain: async (shard, rowsMax, move) => {
    outages.check("postgres");
    const rows = outbox.rows(shard).slice(0, rowsMax);
    if (rows.length === 0) return { found: 0, removed: 0 };
    const moved = rows.slice(0, await move(rows));
    outages.check("postgres");
    return { found: rows.length, removed: outbox.remove(moved) };
  },
  size: async () => {
    outages.check("postgres");
    return outbox.size();
  },
  watch: async (onRows) => {
    outages.check("postgres");
    const close = outbox.watch(onRows);
    return { close: async () => close() };
  },
});
