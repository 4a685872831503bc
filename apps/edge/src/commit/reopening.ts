import { errorName } from "@spillway/event";
import type { CommitParts } from "./committer.ts";
import { createHold } from "./hold.ts";
import { createOpener } from "./opener.ts";

/**
 * On multiples of the wall clock, so that all edges hold at the same moment: each by itself, two edges
 * under load would never leave the outbox empty for each other.
 */
const HOLD_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 250;
const READ_DEADLINE_MS = 450;

/**
 * Brings diverted shards back to the stream, in the background and only while one is diverted.
 *
 * Under a load that never pauses the outbox would never be seen empty, since every commit puts a row into it. So once
 * little enough waits there, the shards' events are held back for a moment while the drain takes the rest.
 */
export const createReopening = (parts: CommitParts) => {
  const { gate, stream, outbox, meter, clock, log } = parts;
  let running: AbortController | null = null;
  const opener = createOpener(parts);
  const hold = createHold(parts, opener);

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
      log("error", "reopening.threw", { error: errorName(error) });
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

  return {
    readOnce: opener.readOnce,
    /** Starts the loop unless it runs. */
    start: (): void => {
      if (running) return;
      running = new AbortController();
      void loop(running.signal);
    },
    stop: (): void => {
      running?.abort();
      running = null;
    },
  };
};

export type Reopening = ReturnType<typeof createReopening>;
