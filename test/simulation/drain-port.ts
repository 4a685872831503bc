import type { OutboxRow } from "@spillway/event";
import type { RelayPorts } from "@spillway/relay/ports.ts";
import type { Backends } from "./backends.ts";
import { type Ask, type RelayNetwork, unavailable } from "./relay-network.ts";

/**
 * A drain is two statements with the process's own work between them: a read that may be for nothing, and a delete that
 * may be lost or late.
 */
export const createDrainPort = (
  { outboxDrain }: Backends,
  network: RelayNetwork,
  ask: Ask,
): RelayPorts["outboxDrain"] => {
  const { process, timeline, random, hintRate, watch, weak } = network;

  const drain: RelayPorts["outboxDrain"]["drain"] = async (lease, rowsMax, move, positions) => {
    const { shard } = lease;
    weak.drains();
    const moved = Promise.withResolvers<number>();
    let drained: ReturnType<RelayPorts["outboxDrain"]["drain"]> | undefined;
    const rows = await ask("postgres", `drain ${shard}`, (heard) => {
      const shown = Promise.withResolvers<readonly OutboxRow[]>();
      const draining = outboxDrain.drain(
        lease,
        rowsMax,
        (some) => {
          shown.resolve(some);
          return heard ? moved.promise : new Promise<never>(() => undefined);
        },
        positions,
      );
      draining.then(() => shown.resolve([]), shown.reject);
      if (heard) drained = draining;
      return shown.promise;
    });
    watch.outboxRead(shard, rows.length > 0);
    if (rows.length === 0) return { found: 0, removed: 0 };
    const count = await move(rows);
    if (count === 0) return { found: rows.length, removed: 0 };
    weak.deletes();
    return ask("postgres", `drained ${shard} ${count} of ${rows.map((row) => row.id)}`, async () => {
      moved.resolve(count);
      return (await drained) ?? unavailable("closed");
    });
  };

  return {
    drain,
    occupied: async (shards, deadlineMs) => {
      const read = () => outboxDrain.occupied(shards, deadlineMs);
      const occupied = await ask("postgres", "drain.occupied", read, { timeoutMs: deadlineMs });
      for (const shard of shards) watch.outboxRead(shard, occupied.includes(shard));
      return occupied;
    },
    size: (deadlineMs) => ask("postgres", "drain.size", () => outboxDrain.size(deadlineMs), { timeoutMs: deadlineMs }),
    watch: async (onRows) => {
      const watching = await ask("postgres", "drain.watch", () =>
        outboxDrain.watch(() => {
          if (random.chance(hintRate)) timeline.after(random.between(0, 20), () => process.deliver(onRows));
        }),
      );
      process.onKill(() => void watching.close());
      return watching;
    },
  };
};
