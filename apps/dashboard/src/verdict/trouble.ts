/** The worst first. `unknown`: nobody can say whether something is wrong. `todo`: an operator's turn, and no hurry. */
export const levels = ["broken", "degraded", "unknown", "todo", "well"] as const;
export type Level = (typeof levels)[number];

/** Who has to answer for anything to be known of a trouble. */
export type Source = "redis" | "postgres" | "edges" | "relays";

/** One thing that is wrong, in sentences without their full stops. Text in it may come from settings, never from an event. */
export type Trouble = {
  /** What it is about, the same from look to look. */
  readonly key: string;
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

export const worstOf = (found: readonly { readonly level: Level }[]): Level =>
  levels.find((level) => found.some((one) => one.level === level)) ?? "well";
