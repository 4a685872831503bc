import type { Clock, OutboxTier } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import type { Gate } from "./gate.ts";
import type { GuardedTier } from "./guarded-tier.ts";
import { createHold } from "./hold.ts";
import { createOpener } from "./opener.ts";
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
 * On multiples of the wall clock, so that all edges hold at the same moment: each by itself, two edges
 * under load would never leave the outbox empty for each other.
 */
const HOLD_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 250;
const READ_DEADLINE_MS = 450;

export const createReopening = (ports: ReopeningPorts): Reopening => {
  const { gate, stream, outbox, meter, clock, log } = ports;
  let running: AbortController | null = null;
  const opener = createOpener(ports);
  const hold = createHold({ ...ports, readOnce: opener.readOnce });

  const look = async (mayHold: boolean, signal: AbortSignal): Promise<void> => {
    // At the hold and not before it: what was drained since an older sample would look as if it were still there.
    if (outbox.isUp() && (mayHold || !meter.isSampled())) await meter.sample(READ_DEADLINE_MS);
    if (!stream.isUp()) return;
    if (!outbox.isUp()) return opener.openWithoutRead();
    if (mayHold && meter.drainsWithin(hold.lengthMs())) return hold.run(signal);
    await opener.readOnce(READ_DEADLINE_MS);
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
    hold.startOver();
    if (running?.signal === signal) running = null;
  };

  const start = (): void => {
    if (running) return;
    running = new AbortController();
    void loop(running.signal);
  };

  return {
    readOnce: opener.readOnce,
    start,
    stop: () => {
      running?.abort();
      running = null;
    },
  };
};
