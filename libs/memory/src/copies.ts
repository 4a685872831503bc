import type { Clock, Copies } from "@spillway/event";
import type { Outages } from "./outages.ts";
import type { Outbox } from "./outbox.ts";

export const createCopies = (outbox: Outbox, { behind }: Outages, clock: Clock): Copies => ({
  occupied: behind("postgres", (shards) => shards.filter((shard) => outbox.copies(shard).length > 0)),
  read: behind("postgres", (shard, after, copiesMax, youngerThanMs) =>
    outbox
      .copies(shard)
      .filter(({ id, insertedAtMs }) => Number(id) > Number(after) && insertedAtMs > clock.wallMs() - youngerThanMs)
      .slice(0, copiesMax),
  ),
  newest: behind("postgres", (shard, olderThanMs) => {
    const beforeMs = olderThanMs === null ? Number.POSITIVE_INFINITY : clock.wallMs() - olderThanMs;
    return outbox.copies(shard).findLast(({ insertedAtMs }) => insertedAtMs < beforeMs)?.id ?? null;
  }),
  keep: behind("postgres", outbox.keep),
  rekey: behind("postgres", outbox.rekey),
  settled: behind("postgres", (keys) => outbox.removeCopies(({ key }) => keys.includes(key))),
  remove: behind("postgres", (ids) => outbox.removeCopies(({ id }) => ids.includes(id))),
  size: behind("postgres", outbox.copiesSize),
});
