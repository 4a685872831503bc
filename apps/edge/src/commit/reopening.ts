import { type Clock, type OutboxTier, Unavailable } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import type { Gate } from "./gate.ts";
import type { GuardedTier } from "./guarded-tier.ts";
import type { OutboxMeter } from "./outbox-meter.ts";

export type ReopeningPorts = {
  readonly gate: Gate;
  readonly stream: Pick<GuardedTier, "isUp">;
  readonly outbox: Pick<GuardedTier, "isUp">;
  /** For its reads only; the breaker does not count them. */
  readonly reads: Pick<OutboxTier, "occupied">;
  readonly meter: OutboxMeter;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when shards were opened or released: what waits for them can go. */
  readonly onChange: () => void;
};

/**
 * Brings diverted shards back to the stream, in the background and only while one is diverted.
 *
 * Under a load that never pauses the outbox would never be seen empty, since every commit puts a row into it. So once
 * little enough waits there, the shards' events are held back for a moment while the drain takes the rest.
 */
export type Reopening = {
  /** Reads the outbox once and opens what it may; when the outbox does not answer (false), what owes it nothing. */
  readOnce(deadlineMs: number): Promise<boolean>;
  /** Starts the loop unless it runs. */
  start(): void;
  stop(): void;
};

/**
 * The longest that a commit is held back. Each hold that ends in vain makes the next one longer, since a busy machine's
 * drain needs more; half a second leaves an event that waited for all of it the time for the outbox.
 */
const HOLD_FIRST_MS = 250;
const HOLD_MOST_MS = 500;
const HOLD_GROWTH = 1.4;
const HOLD_POLL_MS = 15;
/** A read whose answer is lost must not use up the hold. */
const HOLD_READ_MS = 100;
/**
 * On multiples of the wall clock, so that all edges hold at the same moment: each by itself, two edges
 * under load would never leave the outbox empty for each other.
 */
const HOLD_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 250;
const READ_DEADLINE_MS = 450;

export const createReopening = (ports: ReopeningPorts): Reopening => {
  const { gate, stream, outbox, reads, meter, clock, log, onChange } = ports;
  let running: AbortController | null = null;
  let holdMs = HOLD_FIRST_MS;

  const opened = (shards: readonly number[], proof: "read" | "unread"): void => {
    if (shards.length === 0) return;
    for (const shard of shards) log("info", "shard.opened", { shard, proof });
    if (gate.divertedCount() === 0) {
      meter.emptied();
      holdMs = HOLD_FIRST_MS;
    }
    onChange();
  };

  const openWithoutRead = (): void => opened(gate.openWithoutRead(clock.monotonicMs()), "unread");

  const readOnce = async (deadlineMs: number): Promise<boolean> => {
    const read = gate.startRead();
    if (read.shards.length === 0) return true;
    try {
      const occupied = await reads.occupied(read.shards, deadlineMs);
      opened(gate.finishRead(read, occupied, clock.monotonicMs()), "read");
      return true;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      openWithoutRead();
      return false;
    }
  };

  const holdAndRead = async (signal: AbortSignal): Promise<void> => {
    const untilMs = clock.monotonicMs() + holdMs;
    holdMs = Math.min(HOLD_MOST_MS, holdMs * HOLD_GROWTH);
    gate.hold();
    try {
      for (;;) {
        const leftMs = untilMs - clock.monotonicMs();
        if (leftMs <= 0 || signal.aborted || !stream.isUp() || gate.divertedCount() === 0) return;
        // An outbox that does not answer will not be seen empty: nobody is held for it.
        if (!(await readOnce(Math.max(HOLD_POLL_MS, Math.min(leftMs, HOLD_READ_MS))))) return;
        if (gate.divertedCount() > 0) await clock.sleep(HOLD_POLL_MS, signal);
        // Nothing goes while it is held, but who has no time left is answered.
        onChange();
      }
    } finally {
      gate.release();
      onChange();
    }
  };

  const look = async (mayHold: boolean, signal: AbortSignal): Promise<void> => {
    // At the hold and not before it: what was drained since an older sample would look as if it were still there.
    if (outbox.isUp() && (mayHold || !meter.isSampled())) await meter.sample(READ_DEADLINE_MS);
    if (!stream.isUp()) return;
    if (!outbox.isUp()) return openWithoutRead();
    if (mayHold && meter.drainsWithin(holdMs)) return holdAndRead(signal);
    await readOnce(READ_DEADLINE_MS);
  };

  /** An adapter's bug leaves the shards diverted, which loses nothing, and must not leave them so for ever. */
  const lookSafely = async (mayHold: boolean, signal: AbortSignal): Promise<void> => {
    try {
      await look(mayHold, signal);
    } catch (error) {
      log("error", "reopening.threw", { error: error instanceof Error ? error.name : typeof error });
    }
  };

  const loop = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted && gate.divertedCount() > 0) {
      const untilHoldMs = HOLD_EVERY_MS - (clock.wallMs() % HOLD_EVERY_MS);
      const waitMs = Math.min(untilHoldMs, LOOK_EVERY_MS);
      await clock.sleep(waitMs, signal);
      if (!signal.aborted) await lookSafely(waitMs === untilHoldMs, signal);
    }
    if (running?.signal === signal) running = null;
  };

  const start = (): void => {
    if (running) return;
    running = new AbortController();
    void loop(running.signal);
  };

  return {
    readOnce,
    start,
    stop: () => {
      running?.abort();
      running = null;
    },
  };
};
