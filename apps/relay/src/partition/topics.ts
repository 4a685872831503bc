import { type Outcome, ok, partitionOf, type TopicTraits } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";
import type { RelayRecord } from "../shard/in-hand.ts";
import { createEvidence, type Evidence } from "./evidence.ts";
import { createLane, type Lane } from "./lane.ts";
import type { Stillness } from "./lane-mode.ts";

/** What the lanes of a topic share. */
export type TopicShared = {
  readonly evidence: Evidence;
  readonly recordAgeMsMax: () => TopicTraits["recordAgeMsMax"];
};

export type TopicsOptions = RelayParts & {
  /**
   * A topic has another number of partitions, so keys move between them: everything in memory must be given up and
   * read again, or a key's older records would wait in one lane while newer ones leave by another.
   */
  readonly onReshape: () => void;
};

/** The sink keeps its metadata fresh itself; this only compares. */
const COMPARE_EVERY_MS = 5_000;

const createTopic = (name: string, found: TopicTraits, parts: RelayParts) => {
  const evidence = createEvidence(parts.refusedInARowMax, parts.clock);
  const lanes: Lane[] = [];
  let traits = found;
  let turn = 0;

  const laneAt = (partition: number): Lane => {
    const shared = { evidence, recordAgeMsMax: () => traits.recordAgeMsMax };
    lanes[partition] ??= createLane(name, partition, { ...parts, ...shared });
    return lanes[partition];
  };

  const next = (): Lane => {
    turn = (turn + 1) % traits.count;
    return laneAt(turn);
  };

  return {
    name,
    get partitions() {
      return traits.count;
    },
    become: (changed: TopicTraits): void => {
      traits = changed;
    },
    /** Also of partitions that there are no more. */
    lanes: (): readonly Lane[] => lanes.filter((lane) => lane !== undefined),
    /** The lane of a key. */
    laneOf: (key: string): Lane => laneAt(partitionOf(key, traits.count)),
    /** A lane for records without a key: the next one in turn, one that stands still only when all do. */
    anyLane: (): Lane => {
      for (let tries = 1; tries < traits.count; tries++) {
        const lane = next();
        if (!lane.standsStill) return lane;
      }
      return next();
    },
  };
};

/** What takes records, and sends them on when it is told to. */
export type Outlet = Pick<Lane, "push" | "kick">;

/** Where the records of one topic go. */
export type Way = { readonly name: string; laneOf(key: string): Outlet; anyLane(): Outlet };

/** A topic whose partition count is known. */
export type Topic = ReturnType<typeof createTopic>;

/** The topics in use, and the lanes into their partitions. */
export const createTopics = (options: TopicsOptions) => {
  const { sink, clock, log, linger, onReshape } = options;
  const topics = new Map<string, Topic>();
  const filled = new Set<Outlet>();
  let handedOver = 0;

  const load = async (name: string): Promise<Outcome> => {
    const answer = await sink.partitions(name);
    if (answer.kind !== "ok") return answer;
    const known = topics.get(name);
    if (known && known.partitions !== answer.count) {
      log("warn", "topic.reshaped", { topic: name, before: known.partitions, partitions: answer.count });
      onReshape();
    }
    if (known) known.become(answer);
    else topics.set(name, createTopic(name, answer, options));
    return ok;
  };

  const all = (): readonly Lane[] => [...topics.values()].flatMap((topic) => topic.lanes());

  return {
    get: (name: string): Topic | undefined => topics.get(name),
    /** Those that are known. */
    names: (): readonly string[] => [...topics.keys()],
    /** Of the lane of a topic that has stood still the longest; null: none does. */
    stillnessOf: (name: string): Stillness | null => {
      const still = (topics.get(name)?.lanes() ?? []).flatMap(({ stillness }) => stillness ?? []);
      return still.toSorted((a, b) => a.sinceMs - b.sinceMs)[0] ?? null;
    },
    /** Asks the sink for a topic that is not known yet. */
    load,
    push: (outlet: Outlet, record: RelayRecord): void => {
      outlet.push(record);
      filled.add(outlet);
      handedOver++;
    },
    /** Starts what got records since the last kick. */
    kick: (): void => {
      linger.handedOver(handedOver);
      handedOver = 0;
      for (const outlet of filled) outlet.kick();
      filled.clear();
    },
    drop: (term: Term): void => {
      for (const lane of all()) lane.drop(term);
    },
    lanes: all,
    /** Looks for changed partition counts until the signal aborts. */
    watch: async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        await clock.sleep(COMPARE_EVERY_MS, signal);
        for (const name of topics.keys()) if (!signal.aborted) await load(name);
      }
    },
  };
};

export type Topics = ReturnType<typeof createTopics>;
