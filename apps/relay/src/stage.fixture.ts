import {
  createWriters,
  encodeChunk,
  type Outcome,
  type SealedEvent,
  type ShardChunk,
  type Sink,
  type SinkRecord,
  sealEvent,
} from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import {
  createManualClock,
  createMemoryWorld,
  type MemoryWorldOptions,
  settledBelonging,
  settlePromises,
} from "@spillway/memory";
import { type LogFields, noMetrics } from "@spillway/telemetry";
import type { RelayOptions } from "./parts.ts";
import { eachCall, mapPorts, type RelayPorts, type RelaySurroundings } from "./ports.ts";
import { createRelay, type Relay } from "./relay.ts";

/** What one test needs of a world: memory ports under a clock that stands still, relays on it, and ways to look at it. */
const LEASE_TTL_MS = 5_000;
const STEP_MS = 5;

export const TOPIC = "events";

type Publish = { readonly atMs: number; readonly owner: string; readonly partition: number; readonly ids: string[] };
type LogLine = { readonly event: string; readonly fields: LogFields };

/** What the broker answers instead of taking the records; null: it takes them. */
type Answer = (records: readonly SinkRecord[], partition: number) => Outcome | null;

type Running = {
  readonly relay: Relay;
  /** SIGTERM. */
  stop(): Promise<void>;
  /** kill -9: it never gets another answer. */
  kill(): void;
  /** The relay's own end. */
  readonly ended: Promise<void>;
};

export const idOf = (record: SinkRecord): string => JSON.parse(new TextDecoder().decode(record.value)).id;

type TraceparentOf = (id: string) => string | null;
const sealed = (id: string, key: string | null, shards: number, type: string, of: TraceparentOf): SealedEvent => {
  const bytes = new TextEncoder().encode(JSON.stringify({ specversion: "1.0", id, source: "s", type }));
  return sealEvent({ id, source: "s", type, partitionKey: key, traceparent: of(id) }, bytes, shards, platform, "shop");
};

type StageOptions = Partial<MemoryWorldOptions> & {
  readonly partitions?: number;
  /** Of the event of an id; none has one unless given. */
  readonly traceparentOf?: TraceparentOf;
};

/** After the death no call begins and none comes back: what was under way may still have happened. */
const mortal = <Port extends object>(port: Port, dead: () => boolean): Port =>
  eachCall(port, async (call) => {
    const value = dead() ? undefined : await call();
    return dead() ? new Promise(() => undefined) : value;
  });

export const createStage = ({ traceparentOf = () => null, ...options }: StageOptions = {}) => {
  const clock = createManualClock();
  const shards = options.shards ?? 1;
  const servers = { behindMs: 0 };
  const serversClock = { ...clock, wallMs: () => clock.wallMs() - servers.behindMs };
  const world = createMemoryWorld({ clock: serversClock, platform, ...options, shards });
  world.topics.create(TOPIC, { partitions: options.partitions ?? 1 });
  // As an owner before has left it: what is parked is known without Postgres.
  for (let shard = 0; shard < shards; shard++) world.streams.park(shard, [], "all");
  const belonging = settledBelonging(shards);
  /** Of the one edge that posts. */
  const writers = createWriters();
  const publishes: Publish[] = [];
  const lines: LogLine[] = [];
  const broker = { latencyMs: 1, answer: (() => null) as Answer };

  const sinkOf = (owner: string): Sink => ({
    ...world.sink,
    publish: async (topic, partition, records, mayStart) => {
      publishes.push({ atMs: clock.monotonicMs(), owner, partition, ids: records.map(idOf) });
      const isWanted = mayStart();
      // They are on their way then, whatever comes.
      await clock.sleep(broker.latencyMs);
      return broker.answer(records, partition) ?? world.sink.publish(topic, partition, records, () => isWanted);
    },
  });

  type Ports = RelayPorts & RelaySurroundings;

  const portsOf = (owner: string, session: AbortSignal): Ports => {
    const dead = () => session.aborted;
    return {
      ...mapPorts({ ...world, sink: sinkOf(owner) }, (port) => mortal(port, dead)),
      platform,
      belonging,
      clock: { ...clock, sleep: mortal({ sleep: clock.sleep }, dead).sleep },
      random: () => 0.5,
      log: (_level, event, fields = {}) => void lines.push({ event, fields: { owner, ...fields } }),
      metrics: noMetrics,
    };
  };

  const start = (owner: string, replaced: Partial<Ports> = {}, changed: Partial<RelayOptions> = {}): Running => {
    const session = new AbortController();
    const stopping = new AbortController();
    const relay = createRelay(
      { ...portsOf(owner, session.signal), ...replaced },
      {
        owner,
        shards,
        leaseTtlMs: LEASE_TTL_MS,
        inFlightEventsMax: 1_000,
        inFlightBytesMax: 1_000_000,
        drainEventsMax: 1,
        dedupWindowMs: 3_600_000,
        onWeakRedis: "outbox",
        finishMs: 10_000,
        givenUpForMs: 120_000,
        refusedInARowMax: 16,
        parkAfterMs: 5_000,
        parkedEventsMax: 1_000,
        parkedBytesMax: 1_000_000,
        topicNames: [TOPIC],
        topicOf: () => TOPIC,
        ...changed,
      },
    );
    const run = relay.run(stopping.signal);
    return {
      relay,
      kill: () => session.abort(),
      ended: run,
      stop: async () => {
        stopping.abort();
        await until(run);
      },
    };
  };

  /** Moves the clock until the condition holds or the promise is settled. */
  const until = async (goal: (() => boolean) | Promise<void>, limitMs = 120_000): Promise<void> => {
    let reached = false;
    if (typeof goal !== "function") goal.finally(() => (reached = true)).catch(() => undefined);
    const limit = clock.monotonicMs() + limitMs;
    await settlePromises();
    while (!(typeof goal === "function" ? goal() : reached)) {
      if (clock.monotonicMs() > limit) throw new Error(`not reached in ${limitMs} ms of simulated time`);
      await clock.advance(STEP_MS);
    }
    if (typeof goal !== "function") await goal;
  };

  const chunkOf = (events: readonly SealedEvent[], copied = false): ShardChunk => ({
    shard: events[0]?.shard ?? 0,
    chunk: encodeChunk({ receivedAtMs: clock.wallMs(), events, copied }, platform),
    events: events.length,
    dedupKeys: events.map((event) => event.dedupKey).join(""),
  });

  const chunksOf = (ids: readonly string[], key: string | null, type = "t", copied = false): ShardChunk[] => {
    const events = ids.map((id) => sealed(id, key, shards, type, traceparentOf));
    const own = new Set(events.map((event) => event.shard));
    return [...own].map((shard) =>
      chunkOf(
        events.filter((event) => event.shard === shard),
        copied,
      ),
    );
  };

  const append = (chunks: readonly ShardChunk[]) => world.tier.append(chunks, 100);

  return {
    clock,
    /** The backends: by how much their clock is behind now. */
    servers,
    world,
    belonging,
    broker,
    publishes,
    lines,
    start,
    until,
    /** These ids in one chunk of the first shard that they are of. */
    chunkOf: (ids: readonly string[], copied: boolean) => chunksOf(ids, "k", "t", copied)[0] as ShardChunk,
    /** One chunk per shard of these ids, all with one key. */
    post: async (ids: readonly string[], key: string | null = "k", type = "t") => {
      for (const answer of await writers.append(chunksOf(ids, key, type), append))
        if (answer.kind !== "ok") throw new Error(`not appended: ${answer.kind}`);
      world.ledger.keep(writers.unrecorded());
    },
    /** As `post`, and each chunk is in Postgres, too. */
    postToBoth: async (ids: readonly string[], key: string | null = "k", type = "t") => {
      const chunks = chunksOf(ids, key, type, true).map((one) => ({ ...one, from: writers.reserve(one.shard) }));
      const answers = await Promise.all([writers.append(chunks, append), world.outboxTier.copy(chunks, 100)]);
      for (const { kind } of answers.flat()) if (kind !== "ok") throw new Error(`not in both: ${kind}`);
      world.ledger.keep(writers.unrecorded());
    },
    /** Rows of one event each; `copied`: that are to be in both tiers. */
    postToOutbox: (ids: readonly string[], key = "k", copied = false) => {
      const transaction = world.outbox.begin();
      for (const id of ids) for (const chunk of chunksOf([id], key, "t", copied)) transaction.insert(chunk);
      transaction.commit();
    },
    /** What Kafka holds of a partition. */
    ids: (partition = 0): string[] => (world.topics.get(TOPIC)?.partitions[partition] ?? []).map(idOf),
    letters: () => world.letters.all(),
    logged: (event: string) => lines.filter((line) => line.event === event),
    pending: async (shard = 0) => {
      const { accepted, relayed, dead, parked } = await world.shardStream.counts(shard);
      return accepted - relayed - dead - parked;
    },
  };
};

export type Stage = ReturnType<typeof createStage>;
