import type { Term } from "../lease/term.ts";
import { createLots, type Lots } from "../parking/lots.ts";
import type { Topics } from "../partition/topics.ts";
import type { RelayParts } from "../parts.ts";
import type { Spot } from "../troubles.ts";
import { createDoor } from "./door.ts";
import type { InHand } from "./in-hand.ts";
import { createPumpMode, type PumpMode } from "./pump-mode.ts";
import { createReadLoop } from "./read-loop.ts";
import { createRouter, type Router } from "./records.ts";
import { createSettlement } from "./settlement.ts";
import type { Through } from "./through.ts";
import { createWaits } from "./waits.ts";
import { createWindow, type Window, type WindowOptions } from "./window.ts";

export type PumpOptions = RelayParts &
  WindowOptions & {
    readonly term: Term;
    readonly topics: Topics;
    readonly through: Through;
    /** The connection was lost: what answers now may be another server, or an older state of this one. */
    readonly onDoubt: () => void;
  };

/** What the parts of one pump have in common. */
export type PumpParts = PumpOptions & {
  readonly shard: number;
  readonly mode: PumpMode;
  readonly spot: Spot;
  readonly window: Window;
  readonly router: Router;
  readonly lots: Lots;
};

/**
 * The loop of one shard for one term: reads the stream, hands records to the lanes, settles what is done.
 *
 *   read loop ──entry──▶ door ──records──▶ lanes ──each confirmed or dead──▶ settlement ──▶ it leaves the stream
 *                          │ waits for room, its topics, the dead letters               │
 *                          ├──records of a parked topic──▶ lot ──▶ Postgres ───────────▶┤
 *                          └────────────────────── window ◀─────────────────────────────┘
 */
export type Pump = {
  /** Ends when the term is over, or after `finish` when nothing is in hand. */
  run(): Promise<void>;
  /** Reads no more. */
  finish(): void;
  /** Reads from the start of the stream again; what is in hand is recognised. */
  rewind(): void;
  readonly mode: Pick<PumpMode, "now">;
  /** Whether the chunk of this copy is in hand: its events will come out, whatever becomes of the stream. */
  holdsCopied(key: string): boolean;
  readonly lots: Lots;
  /** Entries read and not settled. */
  readonly entries: number;
  /** Ingest time of the oldest that was read; of one that is not in hand yet, the time of its append. */
  readonly oldestAtMs: number | null;
};

export const createPump = (options: PumpOptions): Pump => {
  const { term, topics } = options;
  const { shard } = term.lease;
  const mode = createPumpMode(shard);
  const window = createWindow(options);
  const spot = options.troubles.spot("shard");
  const lots = createLots({ ...options, spot, isHeldUp: () => mode.is("room") });
  const router = createRouter(options.topicOf, (name) => lots.taking(name) ?? topics.get(name));
  const parts = { ...options, shard, mode, spot, window, router, lots };
  const waits = createWaits(parts);

  const settlement = createSettlement({
    ...options,
    onSettled: (entries) => {
      window.left(entries);
      options.copyRemoval.settled(entries.flatMap(({ copyKey }) => copyKey ?? []));
      waits.wake();
    },
  });

  const complete = (entry: InHand): void => {
    entry.chunkEvents = [];
    options.through.ended(entry);
    // After the term's end only the memory of it is of use: its next term here need not publish the entry again.
    if (term.over) return void window.remember([entry]);
    window.done(entry);
    settlement.add(entry);
    waits.wake();
  };

  const door = createDoor(parts, waits, complete);
  const loop = createReadLoop(parts, door);

  /** Whoever waits looks again: for its answer, for room, whether it is finished. */
  const stop = (as: "finishing" | "ended"): void => {
    mode.enter(as);
    loop.abandon();
    waits.wake();
    settlement.wake();
  };

  term.onEnd(() => {
    spot.end();
    window.remember(settlement.unsettled());
    topics.drop(term);
    stop("ended");
  });

  return {
    run: async () => {
      const read = async (): Promise<void> => {
        await lots.begin();
        if (mode.resume("reading")) await loop.run();
      };
      await Promise.all([read(), settlement.run(() => mode.is("finishing") && window.entries === 0)]);
      if (mode.is("finishing")) mode.enter("finished");
    },
    finish: () => {
      if (mode.isGoing()) stop("finishing");
    },
    rewind: loop.rewind,
    mode,
    holdsCopied: window.holdsCopied,
    lots,
    get entries() {
      return window.entries;
    },
    get oldestAtMs() {
      return window.oldestAtMs ?? (door.waiting === null ? null : Number(door.waiting.id.split("-")[0]));
    },
  };
};
