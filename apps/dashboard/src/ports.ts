import type {
  ExportedLetter,
  LetterCounts,
  LetterCursor,
  LetterFilter,
  LetterGroups,
  LetterJobs,
  LetterPage,
  OpenJob,
  Plan,
  WholeLetter,
} from "@spillway/dead-letters";
import type { Clock, ParkedTopic, Platform } from "@spillway/event";
import type { Provider } from "@spillway/oidc";
import type { Audit, Role, SessionTable, Users } from "@spillway/operators";
import type { OutboxShard } from "@spillway/outbox";
import type { ProbePorts, Shown } from "@spillway/service";
import type { ShardView } from "@spillway/stream";
import type { Log } from "@spillway/telemetry";
import type { Counted } from "./counted.ts";
import type { DevStack } from "./dev/stack.ts";
import type { History } from "./history/history.ts";
import type { Argon } from "./passwords.ts";
import type { Accounts } from "./sights/accounts.ts";
import type { Said } from "./sights/ask.ts";
import type { EdgeReadiness } from "./sights/edges.ts";
import type { EventSights } from "./sights/events.ts";
import type { GroupSight } from "./sights/groups.ts";
import type { RelayReadiness } from "./sights/relays.ts";
import type { TopicLimits } from "./sights/topic-limits.ts";
import type { Watch } from "./watch/watch.ts";

/** A shard of the stream. Null: unknown, which is not zero. */
export type ShardRow = { readonly shard: number; readonly known: Omit<ShardView, "shard"> | null };

/** Everything that the dashboard looks at. What cannot be read is null, never zero. */
export type Sights = {
  readonly shards: readonly ShardRow[];
  readonly outbox: readonly OutboxShard[] | null;
  /** Those that the settings name, each with what it says. */
  readonly edges: readonly Said<EdgeReadiness>[];
  readonly relays: readonly Said<RelayReadiness>[];
  /** Of each shard, topics of which events are or were parked. */
  readonly parked: readonly ParkedTopic[] | null;
  readonly accounts: Accounts | null;
  /** Those that are not over. */
  readonly openJobs: readonly OpenJob[] | null;
  readonly totals: Pick<LetterCounts, "byClass" | "total" | "capped" | "oldestAtMs"> | null;
  /** How far behind the consumers downstream are. */
  readonly groups: GroupSight;
};

/** Ids; null: there is none on that side, or none near. */
export type Beside = { readonly newer: string | null; readonly older: string | null };

/** What one button did. */
export type ActionResult = {
  readonly done: number;
  readonly refusals: readonly string[];
  /** The letter is already what it was to become. */
  readonly isSo: boolean;
};

/**
 * The dead letters: what is looked at, and decided. All text in one is hostile. Null where they cannot be read, else what cannot
 * be done now rejects with `Unavailable`.
 */
export type LettersPort = {
  /** The last count, when it was made. */
  groups(): Promise<Counted<LetterGroups> | null>;
  page(filter: LetterFilter, cursor: LetterCursor): Promise<LetterPage | null>;
  /** The letters next to one among those of a filter. */
  beside(filter: LetterFilter, id: string): Promise<Beside | null>;
  /** Null: there is none of that id. */
  get(id: string): Promise<WholeLetter | null>;
  /** With their bytes, newest first. */
  export(filter: LetterFilter): AsyncIterable<ExportedLetter>;
  /** What a job over the filter would do. */
  plan(filter: LetterFilter): Promise<Plan>;
  replay(id: string, by: string): Promise<ActionResult>;
  discard(id: string, by: string, reason: string): Promise<ActionResult>;
  /** Takes a discard back. */
  restore(id: string, by: string): Promise<ActionResult>;
};

/** What asks for each sight, each bounded in time and without a rejection. */
export type SightPorts = { readonly [Name in keyof Sights]: () => Promise<Sights[Name]> };

/** Who somebody is by a provider of identities, and what of the provider's is which role. */
export type Identities = {
  readonly provider: Provider;
  readonly roleClaim: string;
  readonly roles: ReadonlyMap<string, Role>;
};

/** Beside the looks the little that the dashboard changes. */
export type DashboardPorts = {
  readonly watch: Watch;
  readonly history: Pick<History, "points">;
  /** What became of one event. */
  readonly events: EventSights;
  /** What each topic takes. */
  readonly topicLimit: TopicLimits;
  /** Which is said on every page. */
  readonly environment: string;
  /** This dashboard's own, without what is secret. */
  readonly settings: Shown;
  readonly letters: LettersPort;
  readonly jobs: Pick<LetterJobs, "create" | "get" | "page" | "counts" | "move">;
  readonly audit: Audit;
  readonly users: Pick<Users, "find">;
  readonly sessions: SessionTable;
  /** Null: in production, and wherever no devstack runs. */
  readonly dev: DevStack | null;
  /** Null: only passwords let in. */
  readonly identities: Identities | null;
  readonly argon: Argon;
  /** What is told as lost is known; answers how many events that was. Rejects with `Unavailable`. */
  acknowledgeLoss(by: string): Promise<number>;
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
