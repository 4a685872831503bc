import type { Outcome } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayRecord } from "../shard/in-hand.ts";
import { createBatchSize } from "./batch-size.ts";
import type { Bisection } from "./bisection.ts";
import type { Linger } from "./linger.ts";
import { createRecordQueue } from "./record-queue.ts";
import { freshSegment, type Segment } from "./segment.ts";

/** The broker's limit for a batch is 1,048,588 bytes by default; what the estimate misses fits in between. */
const BATCH_BYTES_MAX = 900_000;

type Asked = Pick<Bisection, "held" | "isClear" | "avoided" | "next" | "takeBack" | "inOrder">;

/** What a lane sends next: what is left of the last batch, or of what is held, before records that wait. */
export const createBatches = (bisection: Asked, linger: Pick<Linger, "waitMs">) => {
  const queue = createRecordQueue();
  const size = createBatchSize();
  let mayProbe = false;
  let underWay = 0;

  const take = (): readonly RelayRecord[] => {
    if (queue.length === 0) return [];
    const { avoided } = bisection;
    mayProbe &&= avoided !== null;
    if (avoided === null) return queue.take(size.recordsMax, BATCH_BYTES_MAX);
    const others = queue.takeOthers(avoided, size.recordsMax, BATCH_BYTES_MAX);
    if (others.length > 0 || !mayProbe) return others;
    mayProbe = false;
    return queue.take(1, BATCH_BYTES_MAX);
  };

  return {
    /** Records in no batch yet. */
    get waiting() {
      return queue.length;
    },
    /** Records in memory, those that are sent and those that are held included. */
    get records() {
      return queue.length + underWay + bisection.held;
    },
    push: queue.push,
    holds: queue.holds,
    /** Forgets the waiting ones of a term, and answers them. */
    drop: (term: Term): readonly RelayRecord[] => {
      const dropped = queue.drop(term);
      // Nothing of the last batch is left when it was all taken out of the bisection before.
      if (bisection.isClear) underWay = 0;
      return dropped;
    },
    /**
     * How long to linger before the next. Not while anything is held: its topic could be mended meanwhile, and what is newer
     * would pass it. Asking for it again after each linger instead, 9,000 refused ones that filled the memory were asked for
     * 34 times a second for ever, and what was behind them never sent.
     */
    lingerMs: (): number => (bisection.isClear && queue.length > 0 ? linger.waitMs(queue.length) : 0),
    next: (): Segment | null => {
      const unsent = bisection.takeBack();
      queue.putBack(unsent, (waiting) => bisection.inOrder(waiting));
      underWay = Math.max(0, underWay - unsent.length);
      const left = bisection.next();
      if (left) return left;
      const records = take();
      underWay = records.length;
      return records.length > 0 ? freshSegment(records) : null;
    },
    /** What came of sending so many. */
    sent: (records: number, outcome: Outcome, latencyMs: number): void => {
      if (outcome.kind === "ok") size.confirmed(records, latencyMs, queue.length);
      else size.failed();
    },
    /**
     * The oldest that is held is asked for once more now. Right after that one record may go whose key is held: it would pass
     * what is held of it, for good if it is taken, so in doubt that is tried with one a round, each half second.
     */
    roundBegins: (): void => {
      mayProbe = true;
    },
  };
};
