import type { Random } from "./random.ts";

/** Something that will happen. Cancelled, it will not. */
type Appointment = { cancelled: boolean };

type Planned = Appointment & { readonly atMs: number; readonly tie: number; readonly happen: () => void };

/**
 * Simulated time: a queue of appointments. The next one happens when every promise that the last one settled has been
 * followed to its end, and time jumps to it. Appointments of one millisecond happen in an order that chance decides.
 */
export type Timeline = {
  nowMs(): number;
  /** `tie`: its place among those of its millisecond, for who must not shift what others draw. */
  after(ms: number, happen: () => void, tie?: number): Appointment;
  /** Runs until the condition holds or nothing is left to happen before `untilMs`; answers whether it holds. */
  run(until: () => boolean, untilMs: number): Promise<boolean>;
};

const isBefore = (a: Planned, b: Planned): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie);

/** A binary heap, since a seed makes some thousand appointments. */
const createQueue = () => {
  const heap: Planned[] = [];
  const at = (index: number): Planned => heap[index] as Planned;
  const swap = (i: number, j: number): void => {
    const kept = at(i);
    heap[i] = at(j);
    heap[j] = kept;
  };
  const sink = (from: number): void => {
    for (let index = from; ; ) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2])
        if (child < heap.length && isBefore(at(child), at(first))) first = child;
      if (first === index) return;
      swap(index, first);
      index = first;
    }
  };
  return {
    push: (planned: Planned): void => {
      let index = heap.push(planned) - 1;
      for (let parent = (index - 1) >> 1; index > 0 && isBefore(at(index), at(parent)); parent = (index - 1) >> 1) {
        swap(index, parent);
        index = parent;
      }
    },
    first: (): Planned | undefined => heap[0],
    shift: (): void => {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return;
      heap[0] = last;
      sink(0);
    },
  };
};

export const createTimeline = (random: Random): Timeline => {
  const queue = createQueue();
  let nowMs = 0;

  const next = (untilMs: number): Planned | null => {
    for (let first = queue.first(); first; first = queue.first()) {
      if (!first.cancelled && first.atMs > untilMs) return null;
      queue.shift();
      if (!first.cancelled) return first;
    }
    return null;
  };

  return {
    nowMs: () => nowMs,
    after: (ms, happen, tie = random.next()) => {
      const planned: Planned = { atMs: nowMs + Math.max(0, ms), tie, happen, cancelled: false };
      queue.push(planned);
      return planned;
    },
    run: (until, untilMs) =>
      new Promise((resolve, reject) => {
        // The event loop turns between two appointments, and a turn starts only when no promise is left to follow.
        const turn = () => {
          try {
            if (until()) return resolve(true);
            const planned = next(untilMs);
            if (!planned) return resolve(false);
            nowMs = planned.atMs;
            planned.happen();
            setImmediate(turn);
          } catch (error) {
            reject(error);
          }
        };
        setImmediate(turn);
      }),
  };
};
