import type { Outcome } from "./outcome.ts";

/** One Kafka record. */
export type SinkRecord = {
  /** Partition key, or null for none. */
  readonly key: string | null;
  /** The event's bytes as they came in. */
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Whole ms since 1970. */
  readonly timestampMs: number;
};

/** What a sink knows of a topic. */
export type TopicTraits = {
  /** Partitions. */
  readonly count: number;
  /**
   * A record whose time is older than this goes out with the present time: with its own the topic would refuse it, or
   * take it and delete it soon after. Infinity for a topic that sets the time itself; ms.
   */
  readonly recordAgeMsMax: number;
};

/**
 * Where events go. One backend, one attempt a call; retry, bisection and dead letters are the relay's policy.
 *
 * `publish` sends records of one partition in the given order and confirms all or nothing: `ok` only when the broker
 * confirmed every one of them, anything else means that none, some or all may be in the topic. The caller keeps one
 * publish in flight per partition. Never rejects for a vendor's error. `mayStart` is asked before the records leave this process, which
 * is seconds after the call where a broker is busy; when it says no, they do not (`not_wanted`, retriable).
 */
export type Sink = {
  /** From metadata that the sink keeps fresh. */
  partitions(topic: string): Promise<({ readonly kind: "ok" } & TopicTraits) | Exclude<Outcome, { kind: "ok" }>>;
  publish(topic: string, partition: number, records: readonly SinkRecord[], mayStart: () => boolean): Promise<Outcome>;
  /**
   * A claim about publishing: `up` when any broker answers at the address that it advertises and lets us in, and not
   * every topic that was published to in the last minute forbade it. `isReached`: it is not up, and a broker lets us in.
   */
  health(): Promise<{ readonly status: "up" | "down"; readonly code?: string; readonly isReached?: boolean }>;
  close(): Promise<void>;
};
