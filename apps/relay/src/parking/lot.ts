import type { Term } from "../lease/term.ts";
import type { Mode } from "../mode.ts";
import type { Outlet, Topics, Way } from "../partition/topics.ts";
import type { RelayParts } from "../parts.ts";
import type { RelayRecord } from "../shard/in-hand.ts";
import type { Through } from "../shard/through.ts";
import type { Spot } from "../troubles.ts";
import { insist } from "./insist.ts";
import { createLotMode, type LotModeName } from "./lot-mode.ts";
import { createPutLoop } from "./put-loop.ts";
import { createReturnLoop } from "./return-loop.ts";

export type LotOptions = RelayParts & { readonly term: Term; readonly topics: Topics; readonly through: Through };

/** What the parts of one lot have in common. */
export type LotParts = LotOptions & {
  readonly topic: string;
  readonly mode: Mode<LotModeName>;
  /** For what goes wrong with the parking itself. */
  readonly spot: Spot;
  readonly place: { readonly shard: number; readonly topic: string };
};

/**
 * Where the events of one topic of a shard wait while the topic takes none, and the way back from there.
 *
 *   door ──▶ put loop ──▶ Postgres ──▶ return loop ──▶ lanes ──each confirmed or dead──▶ out of Postgres
 *    what the lanes held ┘
 */
export type Lot = Way &
  Outlet & {
    readonly mode: Pick<Mode<LotModeName>, "now">;
    /** Whether the events of the topic come here. */
    readonly isTaking: boolean;
    /** Parks what the lanes hold of it and what comes. Null: rows of it were found. Answers whether it is so. */
    park(code: string | null): Promise<boolean>;
    /** An owner before has parked it. */
    adopt(code: string): void;
  };

/** In the order of the stream, whichever lane they were in. */
const byPosition = (a: RelayRecord, b: RelayRecord): number => a.from.position - b.from.position || a.index - b.index;

/** All that the lanes hold of a topic and a term. */
const releasedOf = async (topic: string, topics: Topics, term: Term): Promise<readonly RelayRecord[]> => {
  const lanes = topics.get(topic)?.lanes() ?? [];
  const released = await Promise.all(lanes.map((lane) => lane.release(term)));
  return released.flat().toSorted(byPosition);
};

/** What came while the mark was cleared goes to the lanes, before anything newer. */
const sendOn = (records: readonly RelayRecord[], topic: string, topics: Topics): void => {
  const way = topics.get(topic);
  if (!way) throw new Error(`topic ${topic} returned and is not loaded`);
  for (const record of records) topics.push(record.key === null ? way.anyLane() : way.laneOf(record.key), record);
  topics.kick();
};

export const createLot = (options: LotOptions, topic: string): Lot => {
  const { term, topics, parking, shardStream, troubles, start } = options;
  const { lease } = term;
  const { shard } = lease;
  const mode = createLotMode(shard, topic);
  const spot = troubles.spot("topic");
  const parts: LotParts = { ...options, topic, mode, spot: troubles.spot("topic"), place: { shard, topic } };
  let isStarted = false;

  const isTaking = (): boolean => !mode.is("direct", "opening");

  const putLoop = createPutLoop(parts, (first) => returnLoop.put(first));
  const returnLoop = createReturnLoop(parts, putLoop, () => {
    spot.goes();
    sendOn(putLoop.takeAll(), topic, topics);
  });

  const begin = (): void => {
    mode.enter("parked");
    if (!isStarted) for (const loop of [putLoop, returnLoop]) start(loop.run());
    isStarted = true;
    putLoop.wake();
    returnLoop.wake();
  };

  const shows = (code: string): void => {
    spot.stands("parked", code, { shard, topic });
  };

  const collect = async (): Promise<void> => {
    mode.enter("collecting");
    const released = await releasedOf(topic, topics, term);
    if (term.over) return;
    putLoop.putFirst(released);
    begin();
  };

  term.onEnd(() => {
    spot.end();
    parts.spot.end();
    putLoop.wake();
    returnLoop.wake();
  });

  const lot: Lot = {
    name: topic,
    mode,
    laneOf: () => lot,
    anyLane: () => lot,
    get isTaking() {
      return isTaking();
    },
    push: (record) => {
      if (!isTaking()) throw new Error(`a record of ${topic} in shard ${shard} is parked while ${mode.now}`);
      putLoop.push(record);
    },
    kick: putLoop.wake,
    park: async (code) => {
      if (!mode.is("direct") || term.over) return isTaking();
      mode.enter("opening");
      const opened = await parking.open(lease, topic, code === null ? null : { code });
      if (opened.ok && opened.value === "fenced") term.end("fenced");
      if (term.over) return false;
      if (!opened.ok) {
        mode.enter("direct");
        return false;
      }
      mode.enter("marking");
      shows(code ?? "rows_found");
      if ((await insist(parts, "parking", () => shardStream.park(lease, [topic], "begin"))) === null) return false;
      start(collect());
      return true;
    },
    adopt: (code) => {
      mode.enter("adopting");
      shows(code);
      const adopted = insist(parts, "parking", () => parking.open(lease, topic, null));
      start(adopted.then((answer) => (answer === null ? undefined : begin())));
    },
  };
  return lot;
};
