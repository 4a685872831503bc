/** The worst first. `unknown`: nobody can say whether something is wrong. `todo`: an operator's turn, and no hurry. */
export const levels = ["broken", "degraded", "unknown", "todo", "well"] as const;
export type Level = (typeof levels)[number];

/** Who has to answer for anything to be known of a trouble. */
export type Source = "redis" | "postgres" | "edges" | "relays" | "groups";

/** What can be wrong. `/help` has what each means, and what to do. */
export type TroubleKind =
  | "redis"
  | "postgres"
  | "unsaid"
  | "relays"
  | "relay"
  | "kafka"
  | "kafka-unknown"
  | "parked"
  | "still"
  | "ownerless"
  | "detour"
  | "fill-redis"
  | "fill-postgres"
  | "lag"
  | "edge"
  | "edge-redis"
  | "edge-postgres"
  | "refused"
  | "promise"
  | "warning"
  | "checkpoint"
  | "loss"
  | "letters"
  | "job"
  | "group";

/** One thing that is wrong, in sentences without their full stops. Text in it may come from settings, never from an event. */
export type Trouble = {
  /** Its kind, and of what it is where there can be several; the same from look to look. */
  readonly key: TroubleKind | `${TroubleKind} ${string}`;
  readonly source: Source;
  readonly level: Exclude<Level, "well">;
  /** "Kafka 10.0.0.5:9092 does not answer". */
  readonly what: string;
  /** Since when, where its source knows; else it is as old as its first sight. */
  readonly sinceMs?: number;
  /** What that means for the promises. */
  readonly means: string;
  /** What to do. */
  readonly next: string;
  /** The page with the rows. */
  readonly href?: string;
};

export const kindOf = ({ key }: Pick<Trouble, "key">): TroubleKind => key.split(" ")[0] as TroubleKind;

export const worstOf = (found: readonly { readonly level: Level }[]): Level =>
  levels.find((level) => found.some((one) => one.level === level)) ?? "well";
