import { within } from "@spillway/event";
import { createCheckpoints } from "./checkpoint.ts";
import { createDependencies, type DependencyName, type DependencyState, notedPorts } from "./dependencies.ts";
import { createMembership } from "./lease/membership.ts";
import type { Term } from "./lease/term.ts";
import { createMeasures } from "./measures.ts";
import { createOutboxWatch } from "./outbox-watch.ts";
import { createLane } from "./partition/lane.ts";
import { createLinger } from "./partition/linger.ts";
import { createTopics } from "./partition/topics.ts";
import type { RelayPorts, RelaySurroundings } from "./ports.ts";
import { createDrain, type Drain } from "./shard/drain.ts";
import { createPump, type Pump } from "./shard/pump.ts";
import type { PumpModeName } from "./shard/pump-mode.ts";
import { createTroubles, type Trouble } from "./troubles.ts";

export type RelayOptions = {
  /** Unique among the live relays. */
  readonly owner: string;
  readonly shards: number;
  readonly leaseTtlMs: number;
  /** Events and bytes of events that wait in memory for Kafka's confirmation, all shards together. */
  readonly inFlightEventsMax: number;
  readonly inFlightBytesMax: number;
  /** Events of outbox rows that enter the stream in one append. */
  readonly drainEventsMax: number;
  /** How long a stop, or giving up a shard, waits for what is in hand. */
  readonly finishMs: number;
  /** Records that a topic may refuse in a row, none taken in between, before the topic is doubted and not the records. */
  readonly refusedInARowMax: number;
  /** The topic of an event type. */
  readonly topicOf: (type: string) => string;
};

export type RelayState = {
  readonly owner: string;
  readonly shards: readonly {
    readonly shard: number;
    readonly token: number;
    /** What its pump does, or waits for. */
    readonly pump: PumpModeName;
    readonly entries: number;
    /** Age of the oldest event that the stream holds, as far as it was read; null: it holds none. */
    readonly oldestAgeMs: number | null;
    /** For how long it has held events of which none left it. */
    readonly stillMs: number;
    readonly diversion: Drain["diversion"];
  }[];
  readonly dependencies: Readonly<Record<DependencyName, DependencyState>>;
  /** What stands still, the longest first. */
  readonly troubles: readonly Trouble[];
};

export type Relay = {
  /**
   * Relays until the signal aborts, then finishes what is in hand, releases the leases and resolves. Rejects only for a
   * programmer's error; the process should end then, and its leases run out.
   */
  run(signal: AbortSignal): Promise<void>;
  state(): RelayState;
};

type OpenShard = {
  readonly term: Term;
  readonly pump: Pump;
  readonly drain: Drain;
  readonly pumped: Promise<void>;
};

const CHECKPOINT_MS = 1_000;

export const createRelay = (given: RelayPorts & RelaySurroundings, options: RelayOptions): Relay => {
  const { platform, clock, random, log } = given;
  const { owner, shards, finishMs, topicOf } = options;
  const measures = createMeasures(given.metrics);
  const open = new Map<number, OpenShard>();
  const confirmed = Array.from({ length: shards }, () => new Map<string, number>());
  const ended = new AbortController();
  let fail: (cause: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });

  const start = (loop: Promise<void>): void => {
    loop.catch(fail);
  };

  const dependencies = createDependencies((dependency, { status, code }) => {
    // A read that nobody waits for any more fails when the connection is closed behind us.
    if (ended.signal.aborted) return;
    measures.dependencyUp.set(status === "up" ? 1 : 0, { dependency });
    log(status === "up" ? "info" : "warn", `dependency.${status}`, { dependency, code: code ?? null });
  });
  const ports = notedPorts(given, dependencies);
  const { shardStream: stream, leases, outboxDrain: outbox, sink, deadLetters, ledger } = ports;

  const troubles = createTroubles(clock, log, measures);
  const linger = createLinger(clock);
  const laneOptions = { linger, sink, deadLetters, clock, random, troubles, measures, signal: ended.signal, start };
  const topics = createTopics({
    sink,
    clock,
    log,
    linger,
    refusedInARowMax: options.refusedInARowMax,
    createLane: (topic, partition, shared) => createLane(topic, partition, { ...laneOptions, ...shared }),
    onReshape: () => {
      for (const { term } of [...open.values()]) term.end("reshaped");
    },
  });
  const checkpoints = createCheckpoints({ stream, ledger, clock, log, measures });
  const watch = createOutboxWatch({
    outbox,
    clock,
    measures,
    drains: () => new Map([...open].map(([shard, { drain }]) => [shard, drain])),
    start,
  });

  const pumpFor = (term: Term): Pump =>
    createPump({
      term,
      stream,
      deadLetters,
      topics,
      linger,
      topicOf,
      platform,
      clock,
      random,
      log,
      measures,
      troubles,
      eventsMax: () => options.inFlightEventsMax / Math.max(1, open.size),
      bytesMax: () => options.inFlightBytesMax / Math.max(1, open.size),
      confirmed: confirmed[term.lease.shard] ?? new Map(),
    });

  const openShard = (term: Term): void => {
    const { shard } = term.lease;
    const pump = pumpFor(term);
    const appendEventsMax = options.drainEventsMax;
    const shared = { term, stream, platform, log, measures, troubles };
    const drain = createDrain({ ...shared, outbox, deadLetters, appendEventsMax });
    const pumped = pump.run();
    start(pumped);
    open.set(shard, { term, pump, drain, pumped });
    measures.shardOwned.set(1, { shard: String(shard) });
    term.onEnd(() => {
      open.delete(shard);
      measures.shardOwned.set(0, { shard: String(shard) });
      checkpoints.clear(shard);
    });
    watch.look();
  };

  const finish = async (term: Term): Promise<void> => {
    const shard = open.get(term.lease.shard);
    if (shard?.term !== term) return;
    shard.drain.stop();
    shard.pump.finish();
    await within(clock, finishMs, shard.pumped);
  };

  const membership = createMembership({
    leases,
    clock,
    random,
    log,
    troubles,
    owner,
    shards,
    leaseTtlMs: options.leaseTtlMs,
    open: openShard,
    finish,
    start,
  });

  const checkpoint = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(CHECKPOINT_MS, signal);
      await Promise.all([...open.values()].map(({ term, pump }) => checkpoints.write(term, pump)));
      for (const { topic, partition, records } of topics.lanes())
        measures.laneRecords.set(records, { topic, partition: String(partition) });
      troubles.tell();
    }
  };

  return {
    run: async (signal) => {
      const loops = [membership.run(signal), watch.run(signal), checkpoint(signal), topics.watch(signal)];
      await Promise.race([Promise.all(loops), failed]);
      await Promise.race([membership.leave(), failed]);
      ended.abort();
    },
    state: () => ({
      owner,
      shards: [...open.values()].map(({ term, pump, drain }) => ({
        shard: term.lease.shard,
        token: term.lease.token,
        pump: pump.mode,
        entries: pump.entries,
        oldestAgeMs: pump.oldestAtMs === null ? null : Math.max(0, clock.wallMs() - pump.oldestAtMs),
        stillMs: checkpoints.stillMs(term.lease.shard),
        diversion: drain.diversion,
      })),
      dependencies: dependencies.states(),
      troubles: troubles.list(),
    }),
  };
};
