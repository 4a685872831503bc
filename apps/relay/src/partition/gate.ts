import type { Clock } from "@spillway/event";

/** The right to one publish. */
export type Slot = { leave(): void };

/**
 * Lets a few publishes begin at a time, in the order in which they ask. While the broker is quick, lanes that wait here
 * gather records, so that busy partitions send few large requests where they would send many small ones. A slow publish
 * stops counting, so that one frozen broker does not hold up the partitions of the others.
 */
export type Gate = { enter(): Promise<Slot> };

export type GateOptions = {
  readonly clock: Clock;
  /** Publishes at once, those left out that run for longer than `patienceMs`. */
  readonly most: number;
  readonly patienceMs: number;
  /** Runs a loop in the background; its rejection ends the relay. */
  readonly start: (loop: Promise<void>) => void;
};

export const createGate = ({ clock, most, patienceMs, start }: GateOptions): Gate => {
  /** When each of the publishes that count began; the oldest first. */
  const counted = new Map<Slot, number>();
  const waiting: ((slot: Slot) => void)[] = [];
  let watching = false;

  const open = (): Slot => {
    const slot: Slot = {
      leave: () => {
        if (counted.delete(slot)) admit();
      },
    };
    counted.set(slot, clock.monotonicMs());
    return slot;
  };

  const admit = (): void => {
    while (waiting.length > 0 && counted.size < most) waiting.shift()?.(open());
  };

  const discountSlow = async (): Promise<void> => {
    watching = true;
    while (waiting.length > 0) {
      const [oldest] = counted;
      if (oldest) await clock.sleep(Math.max(1, oldest[1] + patienceMs - clock.monotonicMs()));
      for (const [slot, startedAtMs] of counted)
        if (clock.monotonicMs() - startedAtMs >= patienceMs) counted.delete(slot);
      admit();
    }
    watching = false;
  };

  return {
    enter: async () => {
      if (waiting.length === 0 && counted.size < most) return open();
      const slot = new Promise<Slot>((resolve) => {
        waiting.push(resolve);
      });
      if (!watching) start(discountSlow());
      return slot;
    },
  };
};
