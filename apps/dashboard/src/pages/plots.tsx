/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Point, SpanName } from "../history/history.ts";
import type { Overview } from "../watch/watch.ts";
import { countOf, durationOf, rateOf } from "./format.ts";
import { Plot } from "./plot.tsx";

type Measure = {
  readonly name: string;
  readonly of: (point: Point) => number | null;
  readonly now: (overview: Overview) => string | null;
  readonly show: (value: number) => string;
};

const rateOrNull = (perSecond: number | null): string | null => (perSecond === null ? null : rateOf(perSecond));

const measures: readonly Measure[] = [
  { name: "in", of: (point) => point.inPerSecond, now: ({ flow }) => rateOrNull(flow.inPerSecond), show: rateOf },
  { name: "out", of: (point) => point.outPerSecond, now: ({ flow }) => rateOrNull(flow.outPerSecond), show: rateOf },
  {
    name: "waiting",
    of: (point) => point.waiting,
    now: ({ account }) => (account.waiting === null ? null : countOf(account.waiting)),
    show: countOf,
  },
  {
    name: "oldest",
    of: (point) => point.oldestMs,
    now: ({ account }) =>
      account.waiting === null ? null : account.oldestMs === null ? "–" : durationOf(account.oldestMs),
    show: durationOf,
  },
];

const refused: Measure = {
  name: "requests refused",
  of: (point) => point.refusedPerSecond,
  now: ({ edges }) => {
    const said = edges.flatMap(({ said }) => (said === null ? [] : [said.refusals.requests]));
    return said.length === 0 ? null : `${countOf(said.reduce((sum, requests) => sum + requests, 0))} in all`;
  },
  show: rateOf,
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
            now={now(overview)}
            show={show}
          />
        ))}
      </div>
    </section>
  );
};
