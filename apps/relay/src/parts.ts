import type { OnWeakRedis, Writers } from "@spillway/event";
import type { Activity } from "./activity.ts";
import type { CopyRemoval } from "./copy-removal.ts";
import type { notedPorts } from "./dependencies.ts";
import type { Tokens } from "./lease/tokens.ts";
import type { Measures } from "./measures.ts";
import type { Parkers } from "./parking/parkers.ts";
import type { Linger } from "./partition/linger.ts";
import type { RelaySurroundings } from "./ports.ts";
import type { Moments } from "./shard/moments.ts";
import type { Troubles } from "./troubles.ts";

export type RelayOptions = {
  /** Unique among the live relays: a second one of the same name takes the first one's leases away. */
  readonly owner: string;
  readonly shards: number;
  readonly leaseTtlMs: number;
  /** Events and bytes of events that wait in memory for Kafka's confirmation, all shards together. */
  readonly inFlightEventsMax: number;
  readonly inFlightBytesMax: number;
  /** Events of outbox rows that enter the stream in one append. */
  readonly drainEventsMax: number;
  /** How long the stream remembers dedup keys, at least. */
  readonly dedupWindowMs: number;
  /** Whether rows of the outbox enter a stream that does not keep what it takes; only with `warn`. */
  readonly onWeakRedis: OnWeakRedis;
  /** How long a stop, or giving up a shard, waits for what is in hand. */
  readonly finishMs: number;
  /** How long a writer that was given up and of which nothing waits is remembered after the last news of it. */
  readonly givenUpForMs: number;
  /** Records that a topic may refuse in a row, none taken in between, before the topic is doubted and not the records. */
  readonly refusedInARowMax: number;
  /** How long a topic may stand still before its events are put aside; and how much of a topic may wait there. */
  readonly parkAfterMs: number;
  readonly parkedEventsMax: number;
  readonly parkedBytesMax: number;
  /** All topics that events go to. */
  readonly topicNames: readonly string[];
  /** The topic of an event type. */
  readonly topicOf: (type: string) => string;
};

/** Limits that are not worth a setting of their own. */
export const relayDefaults = {
  /** Longer than an append that nobody waits for any more is on its way, in all but what a row that retires is kept for. */
  givenUpForMs: 120_000,
};

/** What the parts of one relay have in common; each takes of it what it needs. */
export type RelayParts = ReturnType<typeof notedPorts> &
  RelaySurroundings &
  RelayOptions & {
    readonly measures: Measures;
    readonly troubles: Troubles;
    readonly tokens: Tokens;
    /** Of what is brought back from the copies; of rows of the outbox, which is acknowledged where they are deleted; and of what is parked. */
    readonly writers: { readonly copies: Writers; readonly rows: Writers; readonly parked: Parkers };
    readonly linger: Linger;
    readonly moments: Moments;
    readonly activity: Activity;
    readonly copyRemoval: CopyRemoval;
    /** Runs a loop in the background; its rejection ends the relay. */
    readonly start: (loop: Promise<void>) => void;
    /** Everything is over: cuts every wait short. */
    readonly signal: AbortSignal;
  };
