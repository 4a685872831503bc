/** One line of the table. `ratio` is ours to the baseline, `bar` what it must reach, in words that a person can check. */
export type Row = {
  readonly workload: string;
  readonly ours: number;
  readonly baseline: number | null;
  readonly unit: string;
  readonly ratio: number | null;
  readonly bar: string;
  readonly met: boolean;
  readonly rounds: number;
};

type Compared = { workload: string; ours: number; baseline: number; unit: string; rounds: number };

const rounded = (value: number): number => Number(value.toPrecision(4));

const compared = (row: Compared, bar: string, meets: (ratio: number) => boolean): Row => {
  const ratio = row.ours / row.baseline;
  return {
    ...row,
    ours: rounded(row.ours),
    baseline: rounded(row.baseline),
    ratio: rounded(ratio),
    bar,
    met: meets(ratio),
  };
};

export const atLeast = (limit: number, row: Compared): Row =>
  compared(row, `ratio >= ${limit}`, (ratio) => ratio >= limit);

export const atMost = (limit: number, row: Compared): Row =>
  compared(row, `ratio <= ${limit}`, (ratio) => ratio <= limit);

/** No bar: met by having been measured. */
export const reported = (row: Compared): Row => compared(row, "reported", Number.isFinite);

/** A bar on the number itself, where there is nothing to compare with. */
export const below = (limit: number, row: Omit<Compared, "baseline">): Row => ({
  ...row,
  ours: rounded(row.ours),
  baseline: null,
  ratio: null,
  bar: `<= ${limit} ${row.unit}`,
  met: row.ours <= limit,
});

export const tableOf = (rows: readonly Row[]): string => {
  const cells = rows.map((row) => [
    row.met ? "met" : "MISSED",
    row.workload,
    String(row.ours),
    row.baseline === null ? "-" : String(row.baseline),
    row.unit,
    row.ratio === null ? "-" : String(row.ratio),
    row.bar,
  ]);
  const all = [["", "workload", "ours", "baseline", "unit", "ratio", "bar"], ...cells];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((line) => (line[column] ?? "").length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};
