import { type CopyAppenderOptions, createCopyAppender, type Look } from "./copy-appender.ts";

/**
 * A copy is written beside its append, so one whose append came before the loss may be committed only after the first look: an edge
 * gives it 400 ms, Postgres 2 s. After that the young ones are looked at again.
 */
const LATE_MS = 2_500;
/** The other way round: a copy may be there before its append, which then only looks lost. */
const IN_FLIGHT_MS = 100;

export type RestoreOptions = CopyAppenderOptions & {
  /** There is something to do. */
  readonly onDue: () => void;
};

/**
 * Puts back what a shard's stream has lost and Postgres has a copy of: appends every copy again, in their order, while the shard is
 * diverted. The dedup keys, which are lost with what they stand for and not otherwise, drop all that is not missing, so nobody has to
 * know what was lost, or whether anything was.
 */
export type Restore = {
  /** The stream may lack something that was appended to it: all copies that are so young are looked at. */
  doubt(youngerThanMs: number): void;
  /** All that was appended when this copy was written, or before, has left the stream: copies up to it are left over. */
  sweep(upTo: string): void;
  isDue(): boolean;
  /** Of this shard nothing is kept. */
  nothingKept(): void;
  /** Whether the stream lacks nothing. Else it is to be run; not meanwhile. */
  isSound(): Promise<boolean>;
  /**
   * Appends what is due and has a smaller id, and answers the id of the oldest that is left, Infinity when there is none. Null: it
   * came to nothing, or not to its end. To be called while the shard is diverted.
   */
  bring(before: number): Promise<number | null>;
};

export const createRestore = (options: RestoreOptions): Restore => {
  const { term, copyRemoval, clock, log, measures, onDue } = options;
  const { shard } = term.lease;
  let restored = 0;
  const appender = createCopyAppender(options, (events) => {
    restored += events;
    measures.restored.add(events, { shard: String(shard) });
  });
  let due: Look | null = null;
  /** Until the young ones were looked at again. */
  let doubtedAtMs: number | null = null;

  const tell = (): void => {
    if (restored > 0) log("error", "events.restored", { shard, events: restored });
    restored = 0;
  };

  const sinceDoubtMs = (): number => (doubtedAtMs === null ? 0 : clock.monotonicMs() - doubtedAtMs);
  const isLate = (): boolean => sinceDoubtMs() >= LATE_MS;

  /** What is to be looked at now; what was settled goes first, or it would be taken for lost. */
  const next = async (): Promise<Look | null> => {
    if (due === null && isLate()) {
      due = { youngerThanMs: sinceDoubtMs() + LATE_MS, settledUpTo: 0, upTo: null, after: "0" };
      doubtedAtMs = null;
    }
    const look = due;
    if (look !== null) await copyRemoval.flush();
    return look;
  };

  /** Doubted anew meanwhile, it starts over: what was looked at first may have been lost since. */
  const done = (look: Look): void => {
    if (due === look) due = null;
  };

  return {
    doubt: (youngerThanMs) => {
      due = { youngerThanMs: Math.max(youngerThanMs, due?.youngerThanMs ?? 0), settledUpTo: 0, upTo: null, after: "0" };
      doubtedAtMs = clock.monotonicMs();
      onDue();
    },
    sweep: (upTo) => {
      if (due !== null || doubtedAtMs !== null) return;
      due = { youngerThanMs: Number.POSITIVE_INFINITY, settledUpTo: Number(upTo), upTo: Number(upTo), after: "0" };
      onDue();
    },
    isDue: () => due !== null || isLate(),
    nothingKept: () => {
      if (isLate()) doubtedAtMs = null;
      due = null;
    },
    isSound: async () => {
      for (let look = await next(); look !== null; look = await next()) {
        let looked = await appender.compare(look);
        if (looked === "missing") {
          await clock.sleep(IN_FLIGHT_MS);
          looked = await appender.compare(look);
        }
        if (looked !== "done") return false;
        done(look);
      }
      return true;
    },
    bring: async (before) => {
      for (let look = await next(); look !== null; look = await next()) {
        const looked = await appender.append(look, before);
        tell();
        if (typeof looked === "number") return looked;
        if (looked !== "done") return null;
        done(look);
      }
      return Number.POSITIVE_INFINITY;
    },
  };
};
