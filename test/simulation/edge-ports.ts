import {
  type Appended,
  type Belonging,
  type InstallationKeeper,
  type OutboxTier,
  type ShardChunk,
  type StreamTier,
  type Tier,
  type TierHealth,
  Unavailable,
} from "@spillway/event";
import type { Backend, MemoryWorld } from "@spillway/memory";
import type { Backends, EdgePorts } from "./backends.ts";
import type { Books } from "./books.ts";
import type { Caller } from "./call.ts";
import type { History } from "./history.ts";
import type { Process } from "./process.ts";
import type { RaiseWatch } from "./raise-watch.ts";
import { createAsk } from "./relay-network.ts";
import type { Timeline } from "./timeline.ts";
import type { WeakWatch } from "./weak-watch.ts";

/** A Redis as an edge finds it behind its REST server. */
export type MemoryRedis = Pick<MemoryWorld, "tier"> & {
  readonly installation: MemoryWorld["streams"]["installation"];
  readonly keeper: InstallationKeeper;
};

const unavailable = (code: string): never => {
  throw new Unavailable(code);
};

const describe = (chunks: readonly ShardChunk[]): string =>
  chunks.map((chunk) => `${chunk.shard}:${chunk.events}`).join(",");

/** What one edge stands on. */
export type EdgeNetwork = {
  readonly process: Process;
  readonly timeline: Timeline;
  readonly call: Caller;
  readonly books: Books;
  readonly history: History;
  /** An append without an answer ends so long after its deadline. */
  readonly oversleptMs: number;
  readonly weak: WeakWatch;
  readonly raises: RaiseWatch;
  readonly belonging: Pick<Belonging, "mark" | "refusal">;
  readonly violate: (violation: string) => void;
  /** The Redis that its REST server stands before now. */
  readonly redis: () => MemoryRedis;
};

/** The tier appends only under the mark of its installation, as append.lua does. */
const marked = (redis: () => MemoryRedis, mark: () => string): Tier["append"] => {
  return async (chunks, deadlineMs) => {
    const { tier, installation } = redis();
    if (installation.now()?.id === mark()) return tier.append(chunks, deadlineMs);
    return chunks.map((): Appended => ({ kind: "retriable", code: "no_installation" }));
  };
};

/** Diverts in the Redis that it finds, if that is its own. */
const createDivert = ({ call, history, raises, belonging, redis }: EdgeNetwork): StreamTier["divert"] => {
  return async (shards, deadlineMs) => {
    let raisedIn: number | null = null;
    // Whoever waits no longer than we do may go on before we have said what came of it.
    raises.raised(shards, null);
    const code = await call<string | null>({
      backend: "redis",
      name: `stream.divert ${shards.join(",")}`,
      timeoutMs: deadlineMs,
      execute: async () => {
        const { tier, installation } = redis();
        if (installation.now()?.id !== belonging.mark()) return "no_installation";
        raisedIn = history.timesEmptied();
        for (const shard of shards) history.divert(shard, true);
        return tier.divert(shards, deadlineMs);
      },
      fail: (failed) => failed,
    });
    raises.raised(shards, code === null ? raisedIn : null);
    return code;
  };
};

/** What an edge asks the outbox about its rows. */
const createOutboxReads = (outboxTier: OutboxTier, { call, raises }: EdgeNetwork) => {
  const occupied: OutboxTier["occupied"] = async (shards, deadlineMs) => {
    let hear = (): void => undefined;
    raises.asks();
    const answer = await call({
      backend: "postgres",
      name: `outbox.occupied ${shards.join(",")}`,
      timeoutMs: deadlineMs,
      execute: () => {
        hear = raises.looks(shards);
        return outboxTier.occupied(shards, deadlineMs);
      },
      fail: unavailable,
    });
    hear();
    return answer;
  };
  const size: OutboxTier["size"] = (deadlineMs) =>
    call({
      backend: "postgres",
      name: "outbox.size",
      timeoutMs: deadlineMs,
      execute: () => outboxTier.size(deadlineMs),
      fail: unavailable,
    });
  return { occupied, size };
};

/** One edge's view of its backends through the network. */
export const createEdgePorts = (backends: Backends, network: EdgeNetwork): EdgePorts => {
  const { process, timeline, call, history, oversleptMs, weak, raises, belonging, redis, books, violate } = network;
  type Recorded = (chunk: ShardChunk, answer: Extract<Appended, { kind: "ok" }>) => void;
  const write =
    (backend: Backend, name: string, port: Tier["append"], record: Recorded): Tier["append"] =>
    (chunks, deadlineMs) =>
      call<readonly Appended[]>({
        backend,
        name: `${name} ${describe(chunks)}`,
        timeoutMs: deadlineMs + oversleptMs,
        execute: async () => {
          const answers = await port(chunks, deadlineMs);
          for (const [i, chunk] of chunks.entries()) {
            const answer = answers[i];
            if (answer?.kind === "ok") record(chunk, answer);
          }
          return answers;
        },
        fail: (code) => chunks.map(() => ({ kind: "retriable", code })),
      });
  const tier = (backend: Backend, port: Tier, record: Recorded) => ({
    append: write(backend, `${port.name}.append`, port.append, record),
    health: (deadlineMs: number) =>
      call({
        backend,
        name: `${port.name}.health`,
        timeoutMs: deadlineMs,
        execute: () => port.health(deadlineMs),
        fail: (): TierHealth => ({ status: "down", warnings: [], promise: null }),
      }),
  });
  const name = ({ from, events }: ShardChunk): void => {
    if (from) books.named({ writer: from.writer, numbers: [from.floor, from.floor + events] });
  };
  const copied = (chunk: ShardChunk): void => {
    if (!chunk.from) violate(`${process.name} copied a chunk and did not say what it is in the stream`);
    name(chunk);
    history.copied(chunk);
  };
  const inOutbox = (chunk: ShardChunk): void => {
    name(chunk);
    history.recordedInOutbox(chunk);
  };
  const inStream: Recorded = (chunk, { duplicates, totals }) => {
    if (history.isUnopened(chunk.shard))
      violate(`${process.name} appends to an emptied stream that no owner has opened`);
    const records = history.recordedInStream(chunk, duplicates, "edge");
    const own = totals?.find(([writer]) => writer === chunk.from?.writer);
    if (own) books.appended(records, own);
  };
  const { outboxTier, tier: streamTier } = backends;
  const outbox = tier("postgres", outboxTier, inOutbox);
  const ask = createAsk(call);
  const keeper = (backend: Backend, port: () => InstallationKeeper): InstallationKeeper => ({
    read: (deadlineMs) => ask(backend, "installation.read", () => port().read(deadlineMs)),
    record: (one, deadlineMs) => ask(backend, "installation.record", () => port().record(one, deadlineMs)),
  });
  const stream = tier("redis", { ...streamTier, append: marked(redis, belonging.mark) }, inStream);
  return {
    stream: {
      name: "stream",
      append: (chunks, deadlineMs) => {
        weak.writes();
        raises.writes();
        return stream.append(chunks, deadlineMs);
      },
      health: async (deadlineMs) => {
        weak.asks();
        const health = await stream.health(deadlineMs);
        weak.told(health.promise);
        return health;
      },
      divert: createDivert(network),
    },
    accounts: {
      record: (positions, deadlineMs) => {
        const sentAtMs = timeline.nowMs();
        return ask("postgres", "accounts.record", async () => {
          await backends.ledger.record(positions, deadlineMs);
          books.recorded(process.name, sentAtMs);
        });
      },
    },
    redis: keeper("redis", () => redis().keeper),
    postgres: keeper("postgres", () => backends.postgresInstallation),
    outbox: {
      name: "outbox",
      ...outbox,
      append: async (chunks, deadlineMs) => {
        const askedAtMs = timeline.nowMs();
        const answers = await outbox.append(chunks, deadlineMs);
        const recorded = chunks.filter((_, i) => answers[i]?.kind === "ok").map(({ shard }) => shard);
        raises.recorded(recorded, timeline.nowMs() - askedAtMs <= deadlineMs);
        return answers;
      },
      copy: write("postgres", "outbox.copy", outboxTier.copy, copied),
      ...createOutboxReads(outboxTier, network),
    },
  };
};
