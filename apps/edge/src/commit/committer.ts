import type { Clock, OutboxTier, Platform, SealedEvent, Tier } from "@spillway/event";
import type { Log, Metrics } from "@spillway/telemetry";
import { type AdmissionLimits, createAdmission } from "./admission.ts";
import { createCommitMetrics } from "./commit-metrics.ts";
import { createGate } from "./gate.ts";
import { GroupCommit, type GroupCommitLimits } from "./group-commit.ts";
import { createGuardedTier } from "./guarded-tier.ts";
import { createOutboxMeter, type OutboxLimits } from "./outbox-meter.ts";
import { createReopening } from "./reopening.ts";
import { type EventResult, refused } from "./result.ts";
import { createRouteChanges } from "./route-changes.ts";

export type CommitterPorts = {
  readonly stream: Tier;
  readonly outbox: OutboxTier;
  readonly clock: Clock;
  readonly platform: Platform;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Calls back when the event loop has been round once. Where there is none, no append waits for company. */
  readonly nextTurn?: (then: () => void) => void;
};

export type CommitterOptions = GroupCommitLimits &
  OutboxLimits &
  AdmissionLimits & {
    readonly shards: number;
  };

/** Limits that are not worth a setting of their own, each measured or derived where it is used. */
export const commitDefaults = {
  commitEventsMax: 400,
  commitBytesMax: 512 * 1024,
  callBytesMax: 4 * 1024 * 1024,
  queueEventsMax: 100_000,
  queueBytesMax: 64 * 1024 * 1024,
  streamDeadlineMs: 400,
  outboxDeadlineMs: 450,
  answerWithinMs: 850,
} as const;

/** Makes events durable: in the stream, else in the outbox, else not. */
export type Committer = {
  /** One result per event, in order, within `answerWithinMs` and a little. Never rejects. */
  commit(events: readonly SealedEvent[]): Promise<readonly EventResult[]>;
  /** Whether an event could be made durable now, and what stands in the way. */
  state(): { readonly stream: boolean; readonly outbox: boolean; readonly divertedShards: number };
  /** Integer seconds after which a refused client may come again. */
  retryAfterSeconds(code: "unavailable" | "overloaded" | "backlog_full"): number;
  /** Finds out which shards may write to the stream. To be awaited before the first commit. */
  start(): Promise<void>;
  /** Ends the background work. Commits under way still get their answers. */
  close(): void;
};

const bytesOf = (events: readonly SealedEvent[]): number => {
  let bytes = 0;
  for (const event of events) bytes += event.bytes.length;
  return bytes;
};

export const createCommitter = (ports: CommitterPorts, options: CommitterOptions): Committer => {
  const { clock, random } = ports;
  const metrics = createCommitMetrics(ports.metrics);
  const gate = createGate(options.shards);
  const meter = createOutboxMeter(ports.outbox, clock, options);
  const admission = createAdmission(options);

  const routeChanges = createRouteChanges();
  const watch = { clock, random, log: ports.log, metrics, onChange: routeChanges.tell };
  const { streamDeadlineMs, outboxDeadlineMs } = options;
  const stream = createGuardedTier(ports.stream, watch, { timeoutOpens: true, deadlineMs: streamDeadlineMs });
  const outbox = createGuardedTier(ports.outbox, watch, { timeoutOpens: false, deadlineMs: outboxDeadlineMs });
  const routes = { gate, stream, outbox, meter };
  const reopening = createReopening({ ...ports, ...routes, reads: ports.outbox, onChange: routeChanges.tell });
  const group = new GroupCommit(options.shards, { ...ports, ...routes, metrics, reopening, admission }, options);
  routeChanges.follow(() => {
    metrics.diverted(gate.divertedCount());
    group.pump();
  });

  return {
    commit: (events) => {
      if (admission.enter(events.length, bytesOf(events))) return group.commit(events);
      metrics.refused("overloaded", events.length);
      return Promise.resolve(events.map(() => refused.overloaded));
    },
    state: () => ({ stream: stream.isUp(), outbox: outbox.isUp(), divertedShards: gate.divertedCount() }),
    // A short wait, spread over three seconds, so that those who were refused together do not return together.
    retryAfterSeconds: (code) => (code === "backlog_full" ? meter.retryAfterSeconds() : 1 + Math.floor(random() * 3)),
    start: async () => {
      await reopening.readOnce(outboxDeadlineMs);
      routeChanges.tell();
      if (gate.divertedCount() > 0) reopening.start();
    },
    close: () => {
      reopening.stop();
      stream.close();
      outbox.close();
    },
  };
};
