import {
  type Accounts,
  type Belonging,
  type Clock,
  createWriters,
  type OnWeakRedis,
  type OutboxTier,
  type Platform,
  type SealedEvent,
  type StreamTier,
  type Tier,
  type Writers,
} from "@spillway/event";
import type { Log, Metrics, Traces } from "@spillway/telemetry";
import { createAccountedOutbox, createAccountedStream } from "./accounted-tier.ts";
import { createAdmission } from "./admission.ts";
import { createBelongingTier } from "./belonging-tier.ts";
import { type CommitMetrics, createCommitMetrics } from "./commit-metrics.ts";
import { createDivertingOutbox } from "./diverting-outbox.ts";
import { createGate, type Gate } from "./gate.ts";
import { type Divert, GroupCommit } from "./group-commit.ts";
import { createGuardedTier, type GuardedTier } from "./guarded-tier.ts";
import { createOccupiedWatch } from "./occupied-watch.ts";
import { createOutboxMeter } from "./outbox-meter.ts";
import { createPromiseWatch, type PromiseWatch } from "./promise-watch.ts";
import { createRecorder } from "./recorder.ts";
import { createReopening } from "./reopening.ts";
import { type EventResult, type RefusalCode, refused } from "./result.ts";

export type CommitterPorts = {
  readonly stream: StreamTier;
  readonly outbox: OutboxTier;
  /** Where it is kept how many events this edge acknowledged. */
  readonly accounts: Accounts;
  /** Whether this edge and its tiers are of one installation. */
  readonly belonging: Belonging;
  readonly clock: Clock;
  readonly platform: Platform;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Absent where nothing is traced. */
  readonly traces?: Traces;
  /** Calls back when the event loop has been round once. Where there is none, no append waits for company. */
  readonly nextTurn?: (then: () => void) => void;
};

/** Limits that are not worth a setting of their own, each measured or derived where it is used. */
export const commitDefaults = {
  /** Events of one chunk. */
  commitEventsMax: 400,
  /** Bytes of one chunk's events; a single larger event still goes, alone. */
  commitBytesMax: 512 * 1024,
  /** Bytes of the chunks of one append. */
  callBytesMax: 4 * 1024 * 1024,
  queueEventsMax: 100_000,
  queueBytesMax: 64 * 1024 * 1024,
  streamDeadlineMs: 400,
  outboxDeadlineMs: 450,
  /** From a request's end to its results, at the most: each step on the way takes its time out of this. */
  answerWithinMs: 960,
  /** From one look to the next at which shards the outbox holds rows of. */
  lookApartMs: 750,
};

export type CommitterOptions = Readonly<
  Record<keyof typeof commitDefaults | "shards" | "outboxEventsMax" | "outboxBytesMax", number>
> & { readonly onWeakRedis: OnWeakRedis };

/** What the parts of a committer share. */
export type CommitParts = Omit<CommitterPorts, "stream" | "outbox" | "accounts" | "metrics"> & {
  readonly gate: Gate;
  readonly stream: GuardedTier;
  readonly outbox: GuardedTier;
  readonly copies: GuardedTier;
  readonly writers: Pick<Writers, "reserve">;
  readonly promise: Pick<PromiseWatch, "reliance">;
  /** For its reads only; the breaker does not count them. */
  readonly reads: Pick<OutboxTier, "occupied">;
  readonly meter: ReturnType<typeof createOutboxMeter>;
  readonly admission: ReturnType<typeof createAdmission>;
  readonly metrics: CommitMetrics;
  /** Called when events may have another route than before: a tier went down or came back, shards were opened or released. */
  readonly onChange: () => void;
};

const bytesOf = (events: readonly SealedEvent[]): number => {
  let bytes = 0;
  for (const event of events) bytes += event.bytes.length;
  return bytes;
};

/**
 * One result per event, in order, within `answerWithinMs` from when its sender began to wait. Never rejects. `within`: the traceparent of
 * the request's span, where it has one.
 */
type CommitEvents = (
  events: readonly SealedEvent[],
  sinceMs?: number,
  within?: string,
) => Promise<readonly EventResult[]>;

/** Makes events durable: in the stream, else in the outbox, else not. */
export const createCommitter = (ports: CommitterPorts, options: CommitterOptions) => {
  const { streamDeadlineMs: deadlineMs, outboxDeadlineMs } = options;
  const metrics = createCommitMetrics(ports.metrics);
  const gate = createGate(options.shards);
  const meter = createOutboxMeter(ports.outbox, ports.clock, options);
  const admission = createAdmission(options, ports.metrics);
  // What routes rest on is made before the group commit that follows them: this is the one way back to it.
  const onChange = (): void => {
    metrics.diverted(gate.divertedCount());
    group.pump();
  };
  const watch = { ...ports, metrics, onChange };
  const tierOf = <One extends Tier>(tier: One): One => createBelongingTier(tier, ports.belonging);
  const [writers, outboxWriters] = [createWriters(), createWriters()];
  const recorder = createRecorder({ ...ports, writers: [writers, outboxWriters] });
  const promise = createPromiseWatch(ports.stream, watch, options);
  const accounted = createAccountedStream(ports.stream, writers, ports.clock, promise);
  const guards = { timeoutOpens: true, deadlineMs };
  const guarded = createGuardedTier(tierOf(accounted), watch, { ...guards, promise });
  const stream = { ...guarded, isUp: (): boolean => guarded.isUp() && promise.reliance() === "stream" };
  const recording = createGuardedTier(tierOf(createAccountedOutbox(ports.outbox, outboxWriters, ports.clock)), watch, {
    timeoutOpens: false,
    deadlineMs: outboxDeadlineMs,
  });
  const outbox = createDivertingOutbox({ ...ports, outbox: recording, stream: guarded, tier: ports.stream, gate });
  const copying = tierOf<Tier>({ ...ports.outbox, name: "copies", append: ports.outbox.copy });
  const copies = createGuardedTier(copying, watch, guards);
  const parts = { ...watch, gate, stream, outbox, copies, writers, promise, reads: ports.outbox, meter, admission };
  const reopening = createReopening(parts);
  const divert: Divert = (shard, code) => {
    if (!gate.divert(shard)) return;
    ports.log("warn", "shard.diverted", { shard, code });
    metrics.diverted(gate.divertedCount());
    reopening.start();
  };
  const occupied = createOccupiedWatch(parts, options, divert);
  const group = new GroupCommit(parts, divert, options);
  const commit: CommitEvents = (events, sinceMs = ports.clock.monotonicMs(), within) => {
    promise.awake();
    if (admission.enter(events.length, bytesOf(events))) return group.commit(events, sinceMs, within);
    metrics.refused("overloaded", events.length);
    return Promise.resolve(events.map(() => refused.overloaded));
  };

  return {
    commit,
    /** Whether an event could be made durable now, and what stands in the way. */
    state: () => ({
      stream: guarded.isUp(),
      outbox: outbox.isUp(),
      outboxFull: meter.isFull(),
      reliance: promise.reliance(),
      divertedShards: gate.divertedCount(),
    }),
    /** As the stream's own; while no event comes it is what was told at the last question, ten seconds ago at the most. */
    streamHealth: async (deadlineMs: number) => promise.resting() ?? (await ports.stream.health(deadlineMs)),
    /**
     * Integer seconds after which a refused client may come again: a short wait, spread over three seconds, so that those
     * who were refused together do not return together.
     */
    retryAfterSeconds: (code: RefusalCode): number =>
      code === "backlog_full" ? meter.retryAfterSeconds() : 1 + Math.floor(ports.random() * 3),
    /** Finds out which shards may write to the stream, and what it promises. To be awaited before the first commit. */
    start: async (): Promise<void> => {
      occupied.start();
      recorder.start();
      await Promise.all([reopening.readOnce(outboxDeadlineMs), promise.start()]);
      onChange();
      if (gate.divertedCount() > 0) reopening.start();
    },
    /** Ends the background work, and records what was acknowledged. Commits under way still get their answers. */
    close: async (): Promise<void> => {
      reopening.stop();
      occupied.stop();
      promise.stop();
      stream.close();
      outbox.close();
      copies.close();
      await recorder.stop();
    },
  };
};

export type Committer = ReturnType<typeof createCommitter>;
