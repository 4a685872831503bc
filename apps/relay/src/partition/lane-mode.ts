import type { Clock } from "@spillway/event";
import type { Measures } from "../measures.ts";
import { createMode, type EnteredFrom } from "../mode.ts";
import type { Spot, TroubleState } from "../troubles.ts";

/**
 * What a lane does. In those of `Standing` it stands still: nothing new of the partition gets through for sure.
 *
 *           records come           something was taken and nothing is held, or buried
 *   idle ──────────────▶ sending ◀────────────────────────────────────────────────┐
 *     ▲                    │ an outcome                                           │
 *     │ nothing is left    ├─▶ retrying      a fault that may pass, 0.1–5 s ──────┤
 *     └─ in any mode but   ├─▶ paused        every record meets it, 1–30 s ───────┤
 *        awaiting          ├─▶ dead-letters  they cannot be written, 0.1–5 s ─────┤
 *                          └─▶ doubting      the topic, or one sender? goes on ───┘
 *                                ▲   │
 *           waited, or something │   │ nothing is left to send
 *           came or was taken    │   ▼ but what is held
 *                               awaiting     0.5–30 s
 *
 * The four also follow one another, as outcomes come: each lasts over the attempts that come after its wait, until one of
 * them is taken, or proven to be bad. From one of them to idle nothing has recovered: what waited is another owner's.
 */
export type LaneModeName = "idle" | "sending" | Standing;
export type Standing = "retrying" | "paused" | "dead-letters" | "doubting" | "awaiting";

/** In which an outcome may come. */
const trying = ["sending", "retrying", "paused", "dead-letters", "doubting"] as const;

const enteredFrom: EnteredFrom<LaneModeName> = {
  idle: trying,
  sending: ["idle", ...trying],
  retrying: trying,
  paused: trying,
  "dead-letters": trying,
  doubting: [...trying, "awaiting"],
  awaiting: ["doubting"],
};

/** As what it shows outside: in /readyz, in the log and in the metrics. */
const SHOWN: Readonly<Record<LaneModeName, TroubleState | null>> = {
  idle: null,
  sending: null,
  retrying: "retrying",
  paused: "paused",
  "dead-letters": "dead-letters",
  doubting: "paused",
  awaiting: "paused",
};

/** In these it is Kafka that the lane waits for. */
const ofTopic: ReadonlySet<LaneModeName> = new Set(["retrying", "paused", "doubting", "awaiting"]);

/** Since when (monotonic) its topic takes nothing, and why. */
export type Stillness = { readonly sinceMs: number; readonly code: string };

export type LaneMode = {
  readonly now: LaneModeName;
  readonly standsStill: boolean;
  /** Null: its topic takes records, or it is not the topic that it waits for. */
  readonly stillness: Stillness | null;
  to(next: "idle" | "sending"): void;
  /** Also from itself, when it goes on for another reason. */
  to(next: Standing, code: string): void;
};

export type ModeOptions = {
  readonly topic: string;
  readonly partition: number;
  readonly spot: Spot;
  readonly clock: Clock;
  readonly measures: Pick<Measures, "laneBlocked" | "lanePaused">;
};

export const createLaneMode = ({ topic, partition, spot, clock, measures }: ModeOptions): LaneMode => {
  const labels = { topic, partition: String(partition) };
  const mode = createMode<LaneModeName>(`the lane into ${topic}/${partition}`, enteredFrom, "idle");
  let stillness: Stillness | null = null;

  const show = (next: LaneModeName, code: string): void => {
    const state = SHOWN[next];
    if (state !== null) spot.stands(state, code, { topic, partition });
    else if (next === "idle") spot.lapses();
    else spot.goes();
    measures.laneBlocked.set(state === null ? 0 : 1, labels);
    measures.lanePaused.set(state === "paused" ? 1 : 0, labels);
  };

  return {
    get now() {
      return mode.now;
    },
    get stillness() {
      return stillness;
    },
    get standsStill() {
      return SHOWN[mode.now] !== null;
    },
    to: (next: LaneModeName, code?: string) => {
      const shown = SHOWN[mode.now];
      mode.enter(next);
      stillness = ofTopic.has(next) ? { sinceMs: stillness?.sinceMs ?? clock.monotonicMs(), code: code ?? "" } : null;
      if (shown !== null || SHOWN[next] !== null) show(next, code ?? "");
    },
  };
};
