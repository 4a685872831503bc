import { type Clock, type OutboxTier, Unavailable } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import type { Gate } from "./gate.ts";
import type { OutboxMeter } from "./outbox-meter.ts";

type OpenerPorts = {
  readonly gate: Gate;
  readonly reads: Pick<OutboxTier, "occupied">;
  readonly meter: Pick<OutboxMeter, "emptied">;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
};

/** Opens the shards to which the outbox owes nothing any more. */
export type Opener = {
  /** Reads the outbox once and opens what it may; when the outbox does not answer (false), what owes it nothing. */
  readOnce(deadlineMs: number): Promise<boolean>;
  openWithoutRead(): void;
};

export const createOpener = ({ gate, reads, meter, clock, log, onChange }: OpenerPorts): Opener => {
  const opened = (shards: readonly number[], proof: "read" | "unread"): void => {
    if (shards.length === 0) return;
    for (const shard of shards) log("info", "shard.opened", { shard, proof });
    if (gate.divertedCount() === 0) meter.emptied();
    onChange();
  };
  const openWithoutRead = (): void => opened(gate.openWithoutRead(clock.monotonicMs()), "unread");

  return {
    openWithoutRead,
    readOnce: async (deadlineMs) => {
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
    },
  };
};
