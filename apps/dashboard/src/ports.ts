import type {
  ExportedLetter,
  LetterCounts,
  LetterCursor,
  LetterFilter,
  LetterGroups,
  LetterPage,
  WholeLetter,
} from "@spillway/dead-letters";
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

/**
 * The dead letters: what is looked at, and decided. All text in one is hostile. Null where they cannot be read, else what cannot
 * be done now rejects with `Unavailable`.
 */
export type LettersPort = {
  groups(): Promise<LetterGroups | null>;
  page(filter: LetterFilter, cursor: LetterCursor): Promise<LetterPage | null>;
  /** Null: there is none of that id. */
  get(id: string): Promise<WholeLetter | null>;
  /** With their bytes, newest first. */
  export(filter: LetterFilter): AsyncIterable<ExportedLetter>;
  replay(id: string): Promise<ActionResult>;
  discard(id: string, reason: string): Promise<ActionResult>;
  /** Takes a discard back. */
  restore(id: string): Promise<ActionResult>;
};

/** What asks for each sight, and the little that the dashboard changes. */
export type DashboardPorts = { readonly [Name in keyof Sights]: () => Promise<Sights[Name]> } & {
  readonly letters: LettersPort;
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
