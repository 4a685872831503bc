import type { Lease } from "@spillway/event";
import type { RelayPorts } from "@spillway/relay/ports.ts";
import type { Backends } from "./backends.ts";
import { type Ask, PATIENCE_MS, type RelayNetwork } from "./relay-network.ts";

/** The streams as one relay sees them. */
export const createStreamPort = (
  { shardStream }: Backends,
  { process, history, books, watch, weak, streams }: RelayNetwork,
  ask: Ask,
): RelayPorts["shardStream"] => {
  const check = (lease: Lease, isWritten: boolean): void => {
    if (isWritten && !streams.holds(lease)) watch.wroteWithoutLease(lease);
  };

  const divert: RelayPorts["shardStream"]["divert"] = async (lease) => {
    const answer = await ask("redis", `divert ${lease.shard}`, async () => {
      const done = await shardStream.divert(lease);
      check(lease, done.kind === "diverted");
      if (done.kind === "diverted") history.divert(lease.shard, true);
      return done;
    });
    if (answer.kind === "diverted") watch.diverted(lease);
    return answer;
  };

  const endDiversion: RelayPorts["shardStream"]["endDiversion"] = (lease, stamp) => {
    watch.diversionEnds(lease);
    return ask("redis", `end the diversion of ${lease.shard}`, async () => {
      const wasDiverted = streams.diverted(lease.shard);
      const done = await shardStream.endDiversion(lease, stamp);
      check(lease, done === "ok");
      const isEnded = wasDiverted && !streams.diverted(lease.shard);
      if (isEnded && history.isRaised(lease.shard)) watch.endedTooSoon(lease);
      if (isEnded) history.divert(lease.shard, false);
      return done;
    });
  };

  const append: RelayPorts["shardStream"]["append"] = (lease, chunk) => {
    watch.drains(lease);
    weak.moves();
    const execute = async () => {
      const answer = await shardStream.append(lease, chunk);
      check(lease, answer.kind === "ok");
      if (answer.kind === "ok") history.recordedInStream(chunk, answer.duplicates, "relay");
      return answer;
    };
    const name = `append ${chunk.shard}:${chunk.events}`;
    const fail = (code: string) => {
      history.unanswered(chunk);
      return { kind: "retriable", code } as const;
    };
    return ask("redis", name, execute, { fail });
  };

  return {
    read: (shard, after, entriesMax, waitMs) =>
      ask("redis", `read ${shard} ${after}`, () => shardStream.read(shard, after, entriesMax, waitMs), {
        timeoutMs: waitMs + PATIENCE_MS.redis,
      }),
    settle: (lease, settled) =>
      ask("redis", `settle ${lease.shard} ${settled.entries}`, async () => {
        const done = await shardStream.settle(lease, settled);
        check(lease, done === "ok");
        return done;
      }),
    divert,
    endDiversion,
    diversion: (shard) => ask("redis", `diversion ${shard}`, () => shardStream.diversion(shard)),
    park: (lease, topics, as) =>
      ask("redis", `park ${lease.shard} ${topics} ${as}`, async () => {
        const done = await shardStream.park(lease, topics, as);
        check(lease, done === "ok");
        return done;
      }),
    parked: (shard) => ask("redis", `parked ${shard}`, () => shardStream.parked(shard)),
    append,
    promise: async () => {
      const promise = await ask("redis", "promise", () => shardStream.promise());
      weak.told(promise);
      return promise;
    },
    birth: (shard) => ask("redis", `birth ${shard}`, () => shardStream.birth(shard)),
    missing: (shard, dedupKeys) => ask("redis", `missing ${shard}`, () => shardStream.missing(shard, dedupKeys)),
    oldest: (shard) => ask("redis", `oldest ${shard}`, () => shardStream.oldest(shard)),
    forget: (lease, writers) =>
      ask("redis", `forget ${lease.shard}`, async () => {
        const done = await shardStream.forget(lease, writers);
        if (done === "ok") writers.forEach(books.forgotten);
        return done;
      }),
    counts: async (shard) => {
      const counts = await ask("redis", `counts ${shard}`, () => shardStream.counts(shard));
      books.counted(process.name, shard, counts.totals);
      return counts;
    },
  };
};
