/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Point, SpanName } from "../history/history.ts";
import { flowSpans } from "../history/rollups.ts";
import type { Overview } from "../watch/watch.ts";
import { countOf, durationOf, rateOf } from "./format.ts";
import { Plot } from "./plot.tsx";

type Measure = {
  readonly name: string;
  readonly of: (point: Point) => number | null;
  /** Null: not known. Absent: the history alone knows. */
  readonly now?: (overview: Overview) => number | null;
  readonly show: (value: number) => string;
};

const measures: readonly Measure[] = [
  { name: "in", of: (point) => point.inPerSecond, now: ({ flow }) => flow.inPerSecond, show: rateOf },
  { name: "out", of: (point) => point.outPerSecond, now: ({ flow }) => flow.outPerSecond, show: rateOf },
  { name: "waiting", of: (point) => point.waiting, now: ({ account }) => account.waiting, show: countOf },
  {
    name: "oldest",
    of: (point) => point.oldestMs,
    now: ({ account }) => (account.waiting === null ? null : (account.oldestMs ?? 0)),
    show: durationOf,
  },
];

const refused: Measure = {
  name: "requests refused",
  of: (point) => point.refusedPerSecond,
  show: rateOf,
};

/** Of the last span that is over, unless that was long ago. */
const lastKnown = (points: readonly Point[], take: Measure["of"], spanMs: number, atMs: number): number | null => {
  const last = points.findLast((point) => take(point) !== null);
  return last === undefined || atMs - last.atMs > 4 * spanMs ? null : take(last);
};

const lengths = { minutes: ["the last 15 minutes", 900_000], day: ["the last 24 hours", 86_400_000] } as const;

type PlotsProps = {
  readonly of: SpanName;
  readonly points: readonly Point[];
  readonly overview: Overview;
  readonly whole?: boolean;
};

/** What moved, over one length of time. `whole`: what clients were refused, too. */
export const Plots = ({ of, points, overview, whole = false }: PlotsProps) => {
  const [over, ms] = lengths[of];
  const spanMs = flowSpans[of].seconds * 1_000;
  return (
    <section>
      <h2>{`${over[0]?.toUpperCase()}${over.slice(1)}`}</h2>
      <div class="plots">
        {[...measures, ...(whole ? [refused] : [])].map(({ name, of: take, now, show }) => (
          <Plot
            name={name}
            over={over}
            series={points.map((point) => ({ atMs: point.atMs, value: take(point) }))}
            fromMs={overview.atMs - ms}
            untilMs={overview.atMs}
            now={now === undefined ? lastKnown(points, take, spanMs, overview.atMs) : now(overview)}
            show={show}
          />
        ))}
      </div>
    </section>
  );
};
