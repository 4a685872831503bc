import { type Clock, Unavailable } from "@spillway/event";
import type { Overview, Watch } from "../watch/watch.ts";
import { type FlowHistory, type FlowSample, type FlowSpan, flowSpans } from "./rollups.ts";

export type SpanName = keyof typeof flowSpans;

/** One moment of a plot. Null: it is not known. */
export type Point = {
  readonly atMs: number;
  readonly inPerSecond: number | null;
  readonly outPerSecond: number | null;
  readonly refusedPerSecond: number | null;
  readonly waiting: number;
  readonly oldestMs: number;
};

export type History = {
  /** As it was read last, oldest first. */
  points(name: SpanName): readonly Point[];
  /** Writes and reads until the looking ends. */
  run(watch: Pick<Watch, "onLook">): Promise<void>;
};

const APART_MS = 10_000;
const ASK_MS = 2_000;

const sampleOf = ({ account, edges }: Overview): FlowSample | null => {
  const { accepted, relayed, dead, waiting } = account;
  if (accepted === null || relayed === null || dead === null || waiting === null) return null;
  const refused = edges.reduce((sum, { said }) => sum + (said?.refusals.requests ?? 0), 0);
  return { accepted, ended: relayed + dead, refused, waiting, oldestMs: account.oldestMs ?? 0 };
};

/**
 * Rates between rows that follow each other; what went back, or was not seen for long, tells none, nor does the last row: its span is under
 * way, and what came in a part of it divided by the whole was too little.
 */
export const pointsOf = (rows: readonly FlowSpan[], spanSeconds: number): readonly Point[] =>
  rows.map((row, i) => {
    const last = rows[i - 1];
    const seconds = last === undefined ? Number.POSITIVE_INFINITY : (row.atMs - last.atMs) / 1_000;
    const rate = (name: "accepted" | "ended" | "refused"): number | null => {
      const events = last === undefined || i === rows.length - 1 ? -1 : row[name] - last[name];
      return events < 0 || seconds > 3 * spanSeconds ? null : events / seconds;
    };
    return {
      atMs: row.atMs,
      inPerSecond: rate("accepted"),
      outPerSecond: rate("ended"),
      refusedPerSecond: rate("refused"),
      waiting: row.waiting,
      oldestMs: row.oldestMs,
    };
  });

/** Keeps what the watch sees in Postgres, ten seconds apart, and what is read of it in memory, so that a page asks nobody. */
export const createHistory = (rollups: FlowHistory, clock: Pick<Clock, "monotonicMs">): History => {
  let rows: readonly FlowSpan[] = [];
  let doneAtMs = Number.NEGATIVE_INFINITY;
  let isBusy = false;

  const keep = async (sample: FlowSample | null): Promise<void> => {
    try {
      if (sample !== null) await rollups.write(sample, ASK_MS);
      rows = await rollups.read(ASK_MS);
    } catch (error) {
      // A plot with a gap says it; the verdict names Postgres.
      if (!(error instanceof Unavailable)) throw error;
    }
  };

  return {
    points: (name) => {
      const { seconds } = flowSpans[name];
      return pointsOf(
        rows.filter(({ spanSeconds }) => spanSeconds === seconds),
        seconds,
      );
    },
    run: (watch) =>
      new Promise((resolve, reject) => {
        const stop = watch.onLook((overview) => {
          if (overview === null) {
            stop();
            return resolve();
          }
          if (isBusy || clock.monotonicMs() - doneAtMs < APART_MS) return;
          isBusy = true;
          doneAtMs = clock.monotonicMs();
          keep(sampleOf(overview)).then(() => {
            isBusy = false;
          }, reject);
        }, "record");
      }),
  };
};
