import type { ParkedTopic } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { Stillness } from "../partition/lane-mode.ts";
import type { Topics } from "../partition/topics.ts";
import type { RelayParts } from "../parts.ts";
import type { Through } from "../shard/through.ts";
import type { Spot } from "../troubles.ts";
import { createLot, type Lot } from "./lot.ts";
import { createMarks } from "./marks.ts";
import { createParkingRule } from "./rule.ts";

export type LotsOptions = RelayParts & {
  readonly term: Term;
  readonly topics: Topics;
  readonly through: Through;
  readonly spot: Spot;
  /** Whether the shard reads no more since its memory is full. */
  readonly isHeldUp: () => boolean;
};

const LOOK_MS = 250;

/** Why a lot is open, where the term that opened it is not this one. */
const PARKED_BEFORE = "parked_before";

/** The lots of one shard for one term: which topics are parked, and when one is to be. */
export const createLots = (options: LotsOptions) => {
  const { term, topics, isHeldUp, clock, start, topicNames } = options;
  const marks = createMarks({ ...options, place: { shard: term.lease.shard } });
  const lots = new Map<string, Lot>();
  const rule = createParkingRule(options, topics, (topic) => lots.get(topic)?.isTaking ?? false);
  /** Topics of which the last survey found rows though they are not parked. */
  let found: ReadonlySet<string> = new Set();
  let isBegun = false;

  const lotOf = (topic: string): Lot => {
    const lot = lots.get(topic) ?? createLot(options, topic);
    lots.set(topic, lot);
    return lot;
  };

  /** Every topic that is marked or about to be; of one whose mark goes nothing waits. */
  const marked = (): readonly string[] =>
    [...lots.values()].filter(({ isTaking, mode }) => isTaking && mode.now !== "clearing").map(({ name }) => name);

  const isDirect = (topic: string): boolean => (lots.get(topic)?.mode.now ?? "direct") === "direct";

  const consider = async (topic: string, stillness: Stillness, isInTheWay: boolean): Promise<boolean> => {
    const mayPark = await rule.mayPark(topic, stillness, isInTheWay);
    return mayPark && !term.over && lotOf(topic).park(stillness.code);
  };

  const look = async (): Promise<void> => {
    for (const topic of topics.names()) {
      const stillness = topics.stillnessOf(topic);
      if (stillness === null || !isDirect(topic)) continue;
      const isOurs =
        topics
          .get(topic)
          ?.lanes()
          .some((lane) => lane.holds(term)) ?? false;
      if (isOurs && !term.over) await consider(topic, stillness, isHeldUp());
    }
  };

  const watch = async (): Promise<void> => {
    const ended = new AbortController();
    term.onEnd(() => ended.abort());
    while (!term.over) {
      await clock.sleep(LOOK_MS, ended.signal);
      if (!term.over) await look();
    }
  };

  return {
    /** Before anything is read: what an owner before has parked is so. */
    begin: async (): Promise<void> => {
      const names = await marks.read();
      if (term.over) return;
      for (const topic of names) lotOf(topic).adopt(PARKED_BEFORE);
      isBegun = true;
      if (topicNames.length > 1) start(watch());
    },
    /** The lot of a topic whose events go there. */
    taking: (topic: string): Lot | undefined => {
      const lot = lots.get(topic);
      return lot?.isTaking ? lot : undefined;
    },
    /** Parks a topic that is not to be had, if that is for the best. Answers whether its events may come. */
    considerMissing: (topic: string, stillness: Stillness): Promise<boolean> => consider(topic, stillness, true),
    /**
     * What Postgres has of this shard. Marks are set again, since a Redis that was replaced may have lost some; and rows of a
     * topic that is not parked, of a put that came too late, are brought back.
     */
    surveyed: async (all: readonly ParkedTopic[]): Promise<void> => {
      if (term.over) return;
      const direct = all.filter(({ topic, events }) => events > 0 && isDirect(topic)).map(({ topic }) => topic);
      const again = direct.filter((topic) => found.has(topic));
      found = new Set(direct);
      for (const topic of again) await lotOf(topic).park(null);
      if (marked().length > 0) await marks.tell(marked());
    },
    /** Another server answers: it is told what is parked, so that who owns the shard next need not ask Postgres. */
    otherServer: async (): Promise<void> => {
      if (isBegun) await marks.tell(marked());
    },
    all: (): readonly Lot[] => [...lots.values()].filter(({ isTaking }) => isTaking),
  };
};

export type Lots = ReturnType<typeof createLots>;
