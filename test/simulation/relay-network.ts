import { Unavailable } from "@spillway/event";
import type { Backend, MemoryWorld } from "@spillway/memory";
import type { Books } from "./books.ts";
import type { Call, Caller } from "./call.ts";
import type { History } from "./history.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";
import type { Watch } from "./watch.ts";
import type { WeakWatch } from "./weak-watch.ts";

/** The adapters' patience. Real ones wait for 2, 5 and 14 s; what matters is that a lease is shorter than a publish. */
export const PATIENCE_MS: Readonly<Record<Backend, number>> = { redis: 400, postgres: 600, kafka: 1_500 };

/** What lies between one relay and its backends. */
export type RelayNetwork = {
  readonly process: Process;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly call: Caller;
  readonly history: History;
  readonly watch: Watch;
  readonly weak: WeakWatch;
  readonly books: Books;
  /** How many of the hints at new outbox rows arrive. */
  readonly hintRate: number;
  /** How many of the publishes wait in the process first. */
  readonly busyRate: number;
  readonly streams: Pick<MemoryWorld["streams"], "holds" | "diverted">;
};

export const unavailable = (code: string): never => {
  throw new Unavailable(code);
};

export const createAsk =
  (call: Caller) =>
  <T>(backend: Backend, name: string, execute: Call<T>["execute"], more: Partial<Call<T>> = {}): Promise<T> =>
    call({ backend, name, timeoutMs: PATIENCE_MS[backend], execute, fail: unavailable, ...more });

/** Sends one call into the network; what cannot be answered is `Unavailable` unless `more` says otherwise. */
export type Ask = ReturnType<typeof createAsk>;
