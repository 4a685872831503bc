import type { Entry, RowRun } from "@spillway/event";

/** Of a chunk in base64: version, flags and 31 bytes of the checksum. What a hand wrote may begin with anything. */
const MARK = /^[!-~]{0,44}/;
const COUNTED = /^(\d{1,9}):([\d,]*):([a-z0-9]{1,16}):(\d{1,15})(?::([a-z0-9.,-]+))?$/;
const DOUBLED = /^(\d{1,9}):(\d{1,9}):([\d,]*):[a-z0-9]+:\d+[a-z0-9.,:-]*$/;
const RUN = /^(-|[a-z0-9]{1,16})\.(\d{1,15})\.(\d{1,9})$/;

/** Increasing, or else null: nobody can say which are meant. */
const indexesOf = (csv: string): readonly number[] | null => {
  if (csv === "") return [];
  const indexes = csv.split(",").map(Number);
  return indexes.every((index, i) => index > (indexes[i - 1] ?? -1)) ? indexes : null;
};

/** Null unless there is one of each of the chunk's events. */
const rowsOf = (csv: string, total: number): readonly RowRun[] | null => {
  const runs = csv.split(",").map((run): RowRun => {
    const [, writer = "-", upTo = 0, events = Number.NaN] = RUN.exec(run) ?? [];
    return [writer === "-" ? null : writer, Number(upTo), Number(events)];
  });
  return runs.reduce((sum, [, , events]) => sum + events, 0) === total ? runs : null;
};

type Metadata = Pick<Entry, "skip" | "events" | "total" | "from">;

/** By the same rule as settle.lua (S2): what is damaged must count for what was added. */
const damagedOf = (counted: string, doubled: string): Metadata => {
  const [, total, again, skipped = ""] = DOUBLED.exec(doubled) ?? [];
  const left = skipped.match(/\d+/g)?.length ?? 0;
  const isWhole = total !== undefined && Number(total) === Number(again) + left;
  return {
    skip: [],
    events: Number(isWhole ? again : (/^(\d{1,9}):/.exec(counted)?.[1] ?? 0)),
    total: null,
    from: null,
  };
};

/** Of nearly all entries nothing is skipped: "1::k1:9" and "1:1::k1:9"; of rows of the outbox "1::k1:9:v1.6.1". */
const metadataOf = (counted: string, doubled: string): Metadata => {
  const [, n = "", csv = "", writer = "", written, runs] = COUNTED.exec(counted) ?? [];
  const skip = indexesOf(csv);
  if (n === "" || skip === null) return damagedOf(counted, doubled);
  const events = Number(n);
  const total = events + skip.length;
  const rows = runs === undefined ? [] : rowsOf(runs, total);
  const isSound = doubled === `${total}:${counted}` && (skip.at(-1) ?? -1) < total;
  if (!isSound || rows === null) return damagedOf(counted, doubled);
  const from = { writer, total: Number(written) };
  return { skip, events, total, from: rows.length > 0 ? { ...from, rows } : from };
};

const FOREIGN: Metadata = { skip: [], events: 0, total: null, from: null };

const textOf = (field: Buffer | undefined): string => field?.toString("latin1") ?? "";

/** The fields go by their place, as append.lua writes them: a name can be damaged, too. */
export const entryOf = ([key, fields]: readonly [id: Buffer, fields: readonly Buffer[]]): Entry => {
  const id = textOf(key);
  const c = textOf(fields[1]);
  const ref = `${id} ${MARK.exec(c)}`;
  // Nobody appended it, so it counts nothing; it ends as a dead letter with all that it holds.
  if (fields.length !== 6) return { id, ref, chunk: Buffer.concat(fields), storedBytes: 0, ...FOREIGN };
  const metadata = metadataOf(textOf(fields[3]), textOf(fields[5]));
  return { id, ref, chunk: Buffer.from(c, "base64"), storedBytes: metadata.events > 0 ? c.length : 0, ...metadata };
};
