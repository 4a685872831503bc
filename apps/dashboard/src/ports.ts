import type { Clock, Platform } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import type { Health } from "./health.ts";

/** What a dead letter shows in the table. All text in it is hostile. */
export type LetterRow = {
  readonly id: string;
  readonly deadLetterClass: string;
  readonly code: string;
  readonly detail: string;
  readonly type: string | null;
  readonly source: string | null;
  readonly eventId: string | null;
  readonly partitionKey: string | null;
  readonly topic: string | null;
  readonly shard: number;
  readonly attempts: number;
  readonly replay: number;
  readonly createdAtMs: number;
};

export type ShardRow = {
  readonly shard: number;
  /** Null: unknown, which is not zero. */
  readonly known: {
    readonly backlogEvents: number;
    readonly backlogBytes: number;
    readonly oldestAgeMs: number | null;
    readonly relayed: number;
    readonly dead: number;
    readonly owner: string | null;
    readonly divertedForMs: number | null;
  } | null;
};

export type OutboxRowView = {
  readonly shard: number;
  readonly rows: number;
  readonly events: number;
  readonly oldestAtMs: number;
  readonly exact: boolean;
};

/** One backend as the edge sees it: `down` also when its breaker is open. */
export type BreakerRow = {
  readonly name: string;
  readonly status: "up" | "down" | "unknown";
  readonly warnings: readonly string[];
};

export type LetterPageView = { readonly letters: readonly LetterRow[]; readonly next: string | null };
export type LetterTotals = { readonly total: number; readonly capped: boolean; readonly oldestAtMs: number | null };

/** What one button did. */
export type ActionResult = { readonly done: number; readonly refusals: readonly string[] };

/** Everything that the dashboard looks at, and the little that it changes. What cannot be read is null, never zero. */
export type DashboardPorts = {
  shards(): Promise<readonly ShardRow[]>;
  outbox(): Promise<readonly OutboxRowView[] | null>;
  breakers(): Promise<readonly BreakerRow[]>;
  unaccounted(): Promise<number | null>;
  totals(): Promise<LetterTotals | null>;
  letters(before: string | null): Promise<LetterPageView | null>;
  replay(id: string): Promise<ActionResult>;
  discard(id: string, reason: string): Promise<ActionResult>;
  readonly health: Pick<Health, "readiness" | "isStopping">;
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
