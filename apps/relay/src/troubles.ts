import type { Clock } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import type { Measures } from "./measures.ts";
import { createTroubleMeasures } from "./trouble-measures.ts";

/**
 * Why something stands still. `paused`: it needs an operator. The others may end by themselves: `retrying` a publish,
 * `parked`: a topic that takes nothing,
 * whose events are put aside, and `parking` that this fails. `dead-letters` that cannot be written, a `topic` that cannot be asked for, no `room` in memory, `reading`, `settling` or
 * `draining` that fails, `leases` that are held elsewhere, rows that stay in the `outbox`.
 */
export type TroubleState =
  | "paused"
  | "retrying"
  | "dead-letters"
  | "parked"
  | "parking"
  | "topic"
  | "room"
  | "reading"
  | "settling"
  | "draining"
  | "leases"
  | "outbox";

type SpotName = "lane" | "topic" | "shard" | "relay";

/** A lane, a shard or a topic of it, or the relay as a whole. */
export type Place =
  | { readonly topic: string; readonly partition: number }
  | { readonly shard: number; readonly topic?: string }
  | { readonly missing: number }
  | { readonly outboxEvents: number };

export type Trouble = Place & { readonly state: TroubleState; readonly code: string; readonly forMs: number };

/** One loop's place among the troubles: a loop stands still for one reason at a time. */
export type Spot = {
  /** Stands still; since the first of the calls with this state. */
  stands(state: TroubleState, code: string, place: Place): void;
  /** Goes on: what stood still has recovered. */
  goes(): void;
  /** What stood still is given up, to another owner or at the end, and the log must not say that it recovered. */
  lapses(): void;
  /** The loop is over: what its last call still comes to is nobody's trouble any more. */
  end(): void;
};

export type Troubles = {
  spot(name: SpotName): Spot;
  /** What stands still now, the longest first. */
  list(): readonly Trouble[];
  /** Says in the log and in the metrics what has stood still for a second; to be called about once a second. */
  tell(): void;
};

/** Shorter stops are how a busy relay works: a full memory, a leader that moves. */
const TELL_MS = 1_000;

/** No time is waited for, in the log or in `/readyz`, until it is said. */
export const isForOperators = (state: TroubleState): boolean => state === "paused" || state === "parked";

const topicOf = (place: Place): string => ("topic" in place ? (place.topic ?? "") : "");

type Standing = {
  name: string;
  state: TroubleState;
  code: string;
  place: Place;
  sinceMs: number;
  told: TroubleState | null;
};

export const createTroubles = (clock: Clock, log: Log, measures: Measures): Troubles => {
  const standing = new Map<Spot, Standing>();
  const show = createTroubleMeasures(measures);

  const tellOne = (one: Standing): void => {
    if (one.told === one.state) return;
    one.told = one.state;
    log(isForOperators(one.state) ? "error" : "warn", `${one.name}.${one.state}`, { ...one.place, code: one.code });
  };

  const spot = (name: SpotName): Spot => {
    let isOver = false;
    const self: Spot = {
      stands: (state, code, place) => {
        if (isOver) return;
        const last = standing.get(self);
        const sinceMs = last?.state === state ? last.sinceMs : clock.monotonicMs();
        const one = { name, state, code, place, sinceMs, told: last?.told ?? null };
        standing.set(self, one);
        if (isForOperators(state) || one.told !== null) tellOne(one);
      },
      goes: () => {
        const last = standing.get(self);
        standing.delete(self);
        if (last && last.told !== null) log("info", `${name}.recovered`, { ...last.place });
      },
      lapses: () => void standing.delete(self),
      end: () => {
        self.lapses();
        isOver = true;
      },
    };
    return self;
  };

  const forMs = ({ sinceMs }: Standing): number => clock.monotonicMs() - sinceMs;

  return {
    spot,
    list: () =>
      [...standing.values()]
        .map((one) => ({ ...one.place, state: one.state, code: one.code, forMs: forMs(one) }))
        .toSorted((a, b) => b.forMs - a.forMs),
    tell: () => {
      const lasting = [...standing.values()].filter((one) => forMs(one) >= TELL_MS);
      for (const one of lasting) tellOne(one);
      show(lasting.map((one) => ({ state: one.state, topic: topicOf(one.place), forMs: forMs(one) })));
    },
  };
};
