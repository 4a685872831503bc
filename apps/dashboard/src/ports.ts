import type { LetterCounts, LetterPage } from "@spillway/dead-letters";
import type { Clock, ParkedTopic, Platform, TierPromise } from "@spillway/event";
import type { OutboxShard } from "@spillway/outbox";
import type { ProbePorts } from "@spillway/service";
import type { ShardView } from "@spillway/stream";
import type { Log } from "@spillway/telemetry";

/** A shard of the stream. Null: unknown, which is not zero. */
export type ShardRow = { readonly shard: number; readonly known: Omit<ShardView, "shard"> | null };

/** One backend as the edge sees it: `down` also when its breaker is open. */
export type BreakerRow = {
  readonly name: string;
  readonly status: "up" | "down" | "unknown";
  readonly warnings: readonly string[];
  /** Whether it keeps what it takes; null where nobody could say. */
  readonly promise: TierPromise | null;
  /** The best place that the edge sends events to by the stream's promise; null where nobody could say. */
  readonly eventsGoTo: "stream" | "outbox" | "nowhere" | null;
};

/** Everything that the dashboard looks at. What cannot be read is null, never zero. */
export type Sights = {
  readonly shards: readonly ShardRow[];
  readonly outbox: readonly OutboxShard[] | null;
  readonly breakers: readonly BreakerRow[];
  /** Of each shard, topics of which events are or were parked. */
  readonly parked: readonly ParkedTopic[] | null;
  readonly unaccounted: number | null;
  readonly totals: Pick<LetterCounts, "byClass" | "total" | "capped" | "oldestAtMs"> | null;
};

/** What one button did. */
export type ActionResult = { readonly done: number; readonly refusals: readonly string[] };

/** What asks for each sight, and the little that the dashboard changes. */
export type DashboardPorts = { readonly [Name in keyof Sights]: () => Promise<Sights[Name]> } & {
  /** A page of the letters that wait, before a cursor; null where they cannot be read. All text in one is hostile. */
  letters(before: string | null): Promise<LetterPage | null>;
  replay(id: string): Promise<ActionResult>;
  discard(id: string, reason: string): Promise<ActionResult>;
  /** What is told as lost is known; answers how many events that was. Rejects with `Unavailable`. */
  acknowledgeLoss(): Promise<number>;
  readonly health: ProbePorts;
  readonly clock: Clock;
  readonly platform: Platform;
  readonly randomToken: () => string;
  readonly log: Log;
};

/** What the server tells of a request besides the request. */
export type Bindings = {
  /** Where the connection comes from; absent where nobody can tell. */
  readonly address?: string | undefined;
};
