import { isWeak, type OutboxRow, promiseAfter, type TierPromise, type Total } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";
import { createDiversion } from "./diversion.ts";
import { createDrainMode, type Diversion, diversionOf, stepOf } from "./drain-mode.ts";
import { createRestore, type Restore, type RestoreOptions } from "./restore.ts";
import { createRowMover } from "./row-mover.ts";

/**
 * Moves one shard's outbox into its stream. The shard is diverted from before the first row moves until the outbox
 * was read empty, so that no edge's append overtakes a row.
 */
export type Drain = {
  readonly diversion: Diversion;
  readonly restore: Restore;
  /** Whether the stream lacks nothing that is kept of it, as far as that can be told without the shard being diverted. */
  isSound(): Promise<boolean>;
  /**
   * `occupied`: there are rows, or copies to be looked at. Ends when the shard's outbox is empty, or at the first trouble; then it is to
   * be called again after a while.
   */
  run(occupied: boolean): Promise<void>;
  /** Moves no further row. */
  stop(): void;
};

const ROWS_MAX = 1_000;

export type DrainOptions = RelayParts & Pick<RestoreOptions, "isInHand" | "onDue" | "through">;

/** Whether the stream keeps what it takes, as it says now. While it does not, rows stay where they are. */
const createKeeping = (
  { shardStream, onWeakRedis }: Pick<RelayParts, "shardStream" | "onWeakRedis">,
  stand: (code: string) => void,
) => {
  let promise: TierPromise | null = null;
  return async (): Promise<boolean> => {
    if (onWeakRedis === "warn") return true;
    const answer = await shardStream.promise();
    if (answer.ok) promise = promiseAfter(promise, answer.value);
    if (answer.ok && promise !== null && !isWeak(promise.state)) return true;
    stand(answer.ok ? "weak_redis" : answer.code);
    return false;
  };
};

export const createDrain = (parts: DrainOptions, term: Term): Drain => {
  const { outboxDrain } = parts;
  const { shard } = term.lease;
  const mode = createDrainMode(shard);
  const spot = parts.troubles.spot("shard");
  let isStopped = false;
  term.onEnd(spot.end);

  const isGoing = (): boolean => !isStopped && !term.over;

  const stand = (code: string): void => {
    if (isGoing()) spot.stands("draining", code, { shard });
  };

  const diversion = createDiversion(parts, term, mode, stand);
  const restore = createRestore({ ...parts, term, isGoing, stand });
  const move = createRowMover({ ...parts, term, isGoing, stand, moved: spot.goes });
  const isKept = createKeeping(parts, stand);

  /**
   * Rows and copies stand in one order, by their ids: a copy that is restored may be of an append that was refused for the sake of an
   * older row; one of the same id is of a row that could not be deleted yet. Answers whether all rows that were there were seen to, and whether there were any.
   */
  const moveSome = async (): Promise<"moved" | "empty" | "stopped"> => {
    let older = 0;
    let totals: readonly Total[] = [];
    const bring = async (rows: readonly OutboxRow[]): Promise<number> => {
      const next = await restore.bring(Number(rows[0]?.id));
      if (next === null) return 0;
      const before = rows.filter(({ id }) => Number(id) <= next);
      older = before.length;
      const moved = await move(before);
      // What it took while it had said so for the last time may be gone with the next crash; with the row it would be so for good.
      // A Redis that went back may have given our token to another, who is not told from us by it (seed 742173).
      if (moved.count === 0 || !(await isKept()) || !term.holds()) return 0;
      totals = moved.totals;
      return moved.count;
    };
    // Not before: a row that stays comes again, and where Redis was emptied meanwhile under other numbers, so the first were told as lost.
    const answer = await outboxDrain.drain(term.lease, ROWS_MAX, bring, () =>
      totals.map(([writer, acknowledged]) => ({ shard, writer, acknowledged, ended: [] })),
    );
    if (!answer.ok) stand(answer.code);
    if (!answer.ok || answer.value.removed < older) return "stopped";
    if (answer.value.found > 0) return older > 0 ? "moved" : "stopped";
    spot.goes();
    return "empty";
  };

  const moveAll = async (): Promise<void> => {
    while (isGoing() && (await isKept())) {
      const moved = await moveSome();
      if (moved === "stopped") break;
      if (moved === "moved") continue;
      if (!restore.isDue()) return diversion.end();
      // Then the outbox is read once more.
      if ((await restore.bring(Number.POSITIVE_INFINITY)) === null) break;
    }
    mode.enter("diverted");
  };

  return {
    restore,
    isSound: async () => mode.is("unknown", "open") && restore.isSound(),
    get diversion() {
      return diversionOf(mode.now);
    },
    run: async (occupied) => {
      const step = isGoing() ? stepOf(mode.now, occupied) : null;
      if (step === null) return;
      if (step === "move") mode.enter("moving");
      else if (step === "begin" || (await diversion.isStamped(step))) await diversion.begin();
      if (mode.is("moving")) await moveAll();
    },
    stop: () => {
      isStopped = true;
    },
  };
};
