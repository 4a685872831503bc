import { type Outcome, partitionOf, type TopicTraits } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";
import type { RelayRecord } from "../shard/in-hand.ts";
import { createEvidence, type Evidence } from "./evidence.ts";
import { createLane, type Lane } from "./lane.ts";

/** What the lanes of a topic share. */
export type TopicShared = {
  readonly evidence: Evidence;
  readonly recordAgeMsMax: () => TopicTraits["recordAgeMsMax"];
};

/** A topic whose partition count is known. */
export type Topic = {
  readonly name: string;
  readonly partitions: number;
  /** The lane of a key. */
  laneOf(key: string): Lane;
  /** A lane for records without a key: the next one in turn, one that stands still only when all do. */
  anyLane(): Lane;
};

/** The topics in use, and the lanes into their partitions. */
export type Topics = {
  get(name: string): Topic | undefined;
  /** Asks the sink for a topic that is not known yet. */
  load(name: string): Promise<Outcome>;
  push(lane: Lane, record: RelayRecord): void;
  /** Starts the lanes that got records since the last kick. */
  kick(): void;
  drop(term: Term): void;
  lanes(): readonly Lane[];
  /** Looks for changed partition counts until the signal aborts. */
  watch(signal: AbortSignal): Promise<void>;
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

const createTopic = (name: string, partitions: number, laneAt: (partition: number) => Lane): Topic => {
  let turn = 0;
  const next = (): Lane => {
    turn = (turn + 1) % partitions;
    return laneAt(turn);
  };
  return {
    name,
    partitions,
    laneOf: (key) => laneAt(partitionOf(key, partitions)),
    anyLane: () => {
      for (let tries = 1; tries < partitions; tries++) {
        const lane = next();
        if (!lane.standsStill) return lane;
      }
      return next();
    },
  };
};

export const createTopics = (options: TopicsOptions): Topics => {
  const { sink, clock, log, linger, onReshape, refusedInARowMax } = options;
  const topics = new Map<string, Topic>();
  const lanes = new Map<string, Lane[]>();
  const shared = new Map<string, TopicShared & { ageMsMax: number }>();
  const filled = new Set<Lane>();
  let handedOver = 0;

  const sharedOf = (name: string, ageMsMax: number) => {
    const known = shared.get(name);
    if (known) return known;
    const made = { evidence: createEvidence(refusedInARowMax, clock), ageMsMax, recordAgeMsMax: () => made.ageMsMax };
    shared.set(name, made);
    return made;
  };

  const laneAt = (name: string, partition: number, of: TopicShared): Lane => {
    const ofTopic = lanes.get(name) ?? [];
    lanes.set(name, ofTopic);
    ofTopic[partition] ??= createLane(name, partition, { ...options, ...of });
    return ofTopic[partition];
  };

  const load = async (name: string): Promise<Outcome> => {
    const answer = await sink.partitions(name);
    if (answer.kind !== "ok") return answer;
    const of = sharedOf(name, answer.recordAgeMsMax);
    of.ageMsMax = answer.recordAgeMsMax;
    const known = topics.get(name)?.partitions;
    if (known === answer.count) return { kind: "ok" };
    if (known !== undefined) {
      log("warn", "topic.reshaped", { topic: name, before: known, partitions: answer.count });
      onReshape();
    }
    topics.set(
      name,
      createTopic(name, answer.count, (partition) => laneAt(name, partition, of)),
    );
    return { kind: "ok" };
  };

  const all = (): Lane[] => [...lanes.values()].flatMap((ofTopic) => ofTopic.filter((lane) => lane !== undefined));

  return {
    get: (name) => topics.get(name),
    load,
    push: (lane, record) => {
      lane.push(record);
      filled.add(lane);
      handedOver++;
    },
    kick: () => {
      linger.handedOver(handedOver);
      handedOver = 0;
      for (const lane of filled) lane.kick();
      filled.clear();
    },
    drop: (term) => {
      for (const lane of all()) lane.drop(term);
    },
    lanes: all,
    watch: async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(COMPARE_EVERY_MS, signal);
        for (const name of topics.keys()) if (!signal.aborted) await load(name);
      }
    },
  };
};
