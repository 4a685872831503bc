/** @jsxRuntime automatic @jsxImportSource hono/jsx */

export type Series = readonly { readonly atMs: number; readonly value: number | null }[];

type PlotProps = {
  /** "in", "oldest". */
  readonly name: string;
  /** "the last 15 minutes". */
  readonly over: string;
  readonly series: Series;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Where the line ends; null: what is now is not known. */
  readonly now: number | null;
  readonly show: (value: number) => string;
};

const WIDTH = 300;
const HEIGHT = 50;

type Place = readonly [x: number, y: number];

/** Pieces of the line: what is not known is a gap, and so is a time without a point. */
const piecesOf = (series: Series, place: (atMs: number, value: number) => Place, gapMs: number): readonly Place[][] => {
  const pieces: Place[][] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, value } of series) {
    if (value === null) continue;
    if (atMs - lastMs > gapMs) pieces.push([]);
    pieces.at(-1)?.push(place(atMs, value));
    lastMs = atMs;
  }
  return pieces;
};

const lineOf = (piece: readonly Place[]): string =>
  piece.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

const areaOf = (piece: readonly Place[]): string => {
  const [first, last] = [piece[0], piece.at(-1)];
  return first && last ? `${lineOf(piece)}L${last[0].toFixed(1)} ${HEIGHT}L${first[0].toFixed(1)} ${HEIGHT}Z` : "";
};

/** A line over time, drawn on the server, with what it says in words beside it. */
export const Plot = ({ name, over, series, fromMs, untilMs, now, show }: PlotProps) => {
  // A row of the history that is under way is of the moment when it was written: now is not before it.
  const past = series.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  const shown = [...past, { atMs: untilMs, value: now }];
  const values = shown.flatMap(({ value }) => (value === null ? [] : [value]));
  const most = Math.max(0, ...values);
  const place = (atMs: number, value: number): Place => [
    ((atMs - fromMs) / (untilMs - fromMs)) * WIDTH,
    HEIGHT - (most === 0 ? 0 : (value / most) * (HEIGHT - 4)) - 1,
  ];
  const gapMs = (untilMs - fromMs) / 25;
  const pieces = piecesOf(shown, place, gapMs);
  const said = values.length === 0 ? "nothing is known yet" : `at most ${show(most)}`;
  return (
    <figure class="plot">
      <figcaption>
        {name} <b>{now === null ? "unknown" : show(now)}</b> <span>{said}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${name}, ${over}: ${said}`}
      >
        {pieces.map((piece) => (
          <>
            <path class="area" d={areaOf(piece)} />
            <path d={lineOf(piece)} />
          </>
        ))}
      </svg>
    </figure>
  );
};
