import type { SealedEvent } from "@spillway/event";
import type { EventResult } from "./result.ts";

/** One request's events on their way: one promise for all of them, resolved when the last has its result. */
export class Commit {
  readonly results: EventResult[];
  readonly startedAtMs: number;
  /** The traceparent of the request's span, where it has one. */
  readonly within: string | undefined;
  readonly done: Promise<readonly EventResult[]>;
  #left: number;
  #resolve: (results: readonly EventResult[]) => void = () => undefined;

  constructor(events: number, startedAtMs: number, within?: string) {
    this.results = new Array(events);
    this.startedAtMs = startedAtMs;
    this.within = within;
    this.#left = events;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (events === 0) this.#resolve(this.results);
  }

  settle(index: number, result: EventResult): void {
    this.results[index] = result;
    if (--this.#left === 0) this.#resolve(this.results);
  }
}

/**
 * An event that waits for its commit. `index` is its place among the request's events; `size` its bytes, kept because
 * a typed array's length is a call, and four places ask for it.
 */
export type Waiting = {
  readonly event: SealedEvent;
  readonly size: number;
  readonly index: number;
  readonly commit: Commit;
};

export const sizeOf = (waiting: readonly Waiting[]): number => {
  let bytes = 0;
  for (const { size } of waiting) bytes += size;
  return bytes;
};
