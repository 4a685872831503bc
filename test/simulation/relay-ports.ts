import { type Lease, type Outcome, type OutboxRow, Unavailable } from "@spillway/event";
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
  /** Whether a connection that was open breaks now. */
  readonly breaks: (backend: Backend) => boolean;
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
 * The transaction begins with one hop and commits with another; a process that dies in between takes its session along.
 * Once COMMIT is on its way the death of its sender does not stop it.
 */
const createDrainPort = (backends: Backends, network: RelayNetwork, ask: Ask): RelayPorts["outbox"] => {
  const { process, timeline, random } = network;
  const hop = () => new Promise<void>((resolve) => timeline.after(random.between(0, 4), resolve));
  const plain = backends.outboxDrain(new AbortController().signal);

  const transaction = async (shard: number, rowsMax: number, move: (rows: readonly OutboxRow[]) => Promise<number>) => {
    const session = new AbortController();
    const stop = process.onKill(() => session.abort());
    const inProcess = (rows: readonly OutboxRow[]) =>
      new Promise<number>((resolve, reject) => process.deliver(() => move(rows).then(resolve, reject)));
    try {
      return await backends.outboxDrain(session.signal).drain(shard, rowsMax, async (rows) => {
        await hop();
        const moved = await inProcess(rows);
        stop();
        await hop();
        if (network.breaks("postgres")) return unavailable("closed");
        return moved;
      });
    } finally {
      stop();
    }
  };

  return {
    occupied: (shards, deadlineMs) =>
      ask("postgres", "drain.occupied", () => plain.occupied(shards, deadlineMs), { timeoutMs: deadlineMs }),
    drain: (shard, rowsMax, move) =>
      ask("postgres", `drain ${shard}`, () => transaction(shard, rowsMax, move), { timeoutMs: 60_000 }),
    size: (deadlineMs) => ask("postgres", "drain.size", () => plain.size(deadlineMs), { timeoutMs: deadlineMs }),
    watch: async (onRows) => {
      const watching = await ask("postgres", "drain.watch", () =>
        plain.watch(() => {
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
