import { type OutboxDrain, Unavailable } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Outbox } from "./outbox.ts";

/**
 * One session's view of the outbox. When `session` aborts, its open transaction is rolled back, as Postgres does when
 * the process at the other end dies.
 */
export const createOutboxDrain = (outbox: Outbox, outages: Outages, session?: AbortSignal): OutboxDrain => ({
  occupied: async (shards) => {
    outages.check("postgres");
    return outbox.occupied(shards);
  },
  drain: async (shard, rowsMax, move) => {
    outages.check("postgres");
    const unlock = await outbox.lock(shard);
    session?.addEventListener("abort", unlock, { once: true });
    try {
      outages.check("postgres");
      const rows = outbox.rows(shard).slice(0, rowsMax);
      if (rows.length === 0) return { found: 0, removed: 0 };
      const moved = rows.slice(0, await move(rows));
      outages.check("postgres");
      if (session?.aborted) throw new Unavailable("session-closed");
      outbox.remove(moved);
      return { found: rows.length, removed: moved.length };
    } finally {
      session?.removeEventListener("abort", unlock);
      unlock();
    }
  },
  size: async () => {
    outages.check("postgres");
    return outbox.size();
  },
  watch: async (onRows) => {
    outages.check("postgres");
    const close = outbox.watch(onRows);
    session?.addEventListener("abort", close, { once: true });
    return { close: async () => close() };
  },
});
