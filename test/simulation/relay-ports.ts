import { type Lease, type OutboxRow, type Outcome, Unavailable } from "@spillway/event";
import type { Backend } from "@spillway/memory";
import type { Backends, RelayPorts } from "./backends.ts";
import type { Call, Caller } from "./call.ts";
import type { History } from "./history.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";
import type { Watch } from "./watch.ts";

/** The adapters' patience. Real ones wait for 2, 5 and 14 s; what matters is that a lease is shorter than a publish. */
const PATIENCE_MS: Readonly<Record<Backend, number>> = { redis: 400, postgres: 600, kafka: 1_500 };
/** Probability that a publish whose answer is lost landed only in part. */
const PART_LANDS = 0.2;

export type RelayNetwork = {
  readonly process: Process;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly call: Caller;
  readonly history: History;
  readonly watch: Watch;
};

const unavailable = (code: string): never => {
  throw new Unavailable(code);
};

const createAsk =
  (call: Caller) =>
  <T>(backend: Backend, name: string, execute: Call<T>["execute"], more: Partial<Call<T>> = {}): Promise<T> =>
    call({ backend, name, timeoutMs: PATIENCE_MS[backend], execute, fail: unavailable, ...more });

type Ask = ReturnType<typeof createAsk>;

const createShardStreamPort = (
  { shardStream }: Backends,
  { history }: RelayNetwork,
  ask: Ask,
): RelayPorts["stream"] => ({
  read: (shard, after, entriesMax, waitMs) =>
    ask("redis", `read ${shard} ${after}`, () => shardStream.read(shard, after, entriesMax, waitMs), {
      timeoutMs: waitMs + PATIENCE_MS.redis,
    }),
  settle: (lease, settled) =>
    ask("redis", `settle ${lease.shard} ${settled.entries}`, () => shardStream.settle(lease, settled)),
  fence: (lease, raised) =>
    ask("redis", `fence ${lease.shard} ${raised}`, async () => {
      const answer = await shardStream.fence(lease, raised);
      if (answer === "ok") history.fence(lease.shard, raised);
      return answer;
    }),
  append: (lease, chunk) =>
    ask(
      "redis",
      `append ${chunk.shard}:${chunk.events}`,
      async () => {
        const answer = await shardStream.append(lease, chunk);
        if (answer.kind === "ok") history.recordedInStream(chunk);
        return answer;
      },
      { fail: (code) => ({ kind: "retriable", code }) },
    ),
  counts: (shard) => ask("redis", `counts ${shard}`, () => shardStream.counts(shard)),
});

const createLeasesPort = ({ leases }: Backends, { watch }: RelayNetwork, ask: Ask): RelayPorts["leases"] => ({
  announce: (owner, ttlMs) => ask("redis", "announce", () => leases.announce(owner, ttlMs)),
  withdraw: (owner) => ask("redis", "withdraw", () => leases.withdraw(owner)),
  take: (shard, owner, ttlMs) =>
    ask("redis", `take ${shard}`, async () => {
      const lease = await leases.take(shard, owner, ttlMs);
      if (lease) watch.leaseHeld(lease, ttlMs);
      return lease;
    }),
  renew: (lease, ttlMs) =>
    ask("redis", `renew ${lease.shard}`, async () => {
      const renewed = await leases.renew(lease, ttlMs);
      if (renewed) watch.leaseHeld(lease, ttlMs);
      return renewed;
    }),
  release: (lease: Lease) => {
    watch.leaseGivenUp(lease.shard);
    return ask("redis", `release ${lease.shard}`, () => leases.release(lease));
  },
});

/**
 * A drain is two statements with the process's own work between them: a read that may be for nothing, and a delete that
 * may be lost or late.
 */
const createDrainPort = ({ outboxDrain }: Backends, network: RelayNetwork, ask: Ask): RelayPorts["outbox"] => {
  const { process, timeline, random } = network;

  const drain: RelayPorts["outbox"]["drain"] = async (shard, rowsMax, move) => {
    const moved = Promise.withResolvers<number>();
    let drained: ReturnType<RelayPorts["outbox"]["drain"]> | undefined;
    const rows = await ask("postgres", `drain ${shard}`, (heard) => {
      const shown = Promise.withResolvers<readonly OutboxRow[]>();
      const draining = outboxDrain.drain(shard, rowsMax, (some) => {
        shown.resolve(some);
        return heard ? moved.promise : new Promise<never>(() => undefined);
      });
      draining.then(() => shown.resolve([]), shown.reject);
      if (heard) drained = draining;
      return shown.promise;
    });
    if (rows.length === 0) return { found: 0, removed: 0 };
    const count = await move(rows);
    if (count === 0) return { found: rows.length, removed: 0 };
    return ask("postgres", `drained ${shard} ${count} of ${rows.map((row) => row.id)}`, async () => {
      moved.resolve(count);
      return (await drained) ?? unavailable("closed");
    });
  };

  return {
    drain,
    occupied: (shards, deadlineMs) =>
      ask("postgres", "drain.occupied", () => outboxDrain.occupied(shards, deadlineMs), { timeoutMs: deadlineMs }),
    size: (deadlineMs) => ask("postgres", "drain.size", () => outboxDrain.size(deadlineMs), { timeoutMs: deadlineMs }),
    watch: async (onRows) => {
      const watching = await ask("postgres", "drain.watch", () =>
        outboxDrain.watch(() => {
          if (random.chance(0.8)) timeline.after(random.between(0, 20), () => process.deliver(onRows));
        }),
      );
      process.onKill(() => void watching.close());
      return watching;
    },
  };
};

const createSinkPort = ({ sink }: Backends, { random, watch }: RelayNetwork, ask: Ask): RelayPorts["sink"] => {
  const whenItFails = (code: string) => ({ kind: "retriable" as const, code });
  return {
    name: sink.name,
    partitionOf: sink.partitionOf,
    partitions: (topic) => ask("kafka", `partitions ${topic}`, () => sink.partitions(topic), { fail: whenItFails }),
    publish: async (topic, partition, records) => {
      const done = watch.publishStarts(topic, partition, records);
      const name = `publish ${topic}/${partition} ${records.length} from ${records[0]?.headers["spillway-entry"]}`;
      const land = (heard: boolean) => {
        const part = !heard && random.chance(PART_LANDS) ? records.slice(0, random.below(records.length)) : records;
        return sink.publish(topic, partition, part);
      };
      const outcome = await ask<Outcome>("kafka", name, land, { fail: whenItFails });
      done();
      return outcome;
    },
    health: () => sink.health(),
    close: () => sink.close(),
  };
};

/** One relay's view of its backends through the network. */
export const createRelayPorts = (backends: Backends, network: RelayNetwork): RelayPorts => {
  const ask = createAsk(network.call);
  return {
    stream: createShardStreamPort(backends, network, ask),
    leases: createLeasesPort(backends, network, ask),
    outbox: createDrainPort(backends, network, ask),
    deadLetters: {
      put: (letters) => ask("postgres", `bury ${letters.length}`, () => backends.deadLetters.put(letters)),
    },
    ledger: {
      checkpoint: (shard, counts) =>
        ask("postgres", `checkpoint ${shard}`, () => backends.ledger.checkpoint(shard, counts)),
    },
    sink: createSinkPort(backends, network, ask),
  };
};
