import { configureSync, getLogger, jsonLinesFormatter, type LogLevel } from "@logtape/logtape";

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;
export type Level = "debug" | "info" | "warn" | "error";

/**
 * Writes one line. `event` is a constant of the code (`"lease.taken"`), never text from outside; `fields` hold no
 * payload, no key and no vendor's error text (the Redis client's contains the whole command).
 */
export type Log = (level: Level, event: string, fields?: LogFields) => void;

export const silentLog: Log = () => undefined;

/** LogTape's names of the levels. */
const levelNames = { debug: "debug", info: "info", warn: "warning", error: "error" } satisfies Record<Level, LogLevel>;

/** Lines of one event in a window. What changes to and fro (a mark that was set 166 times a minute) says no more in more. */
const LINES_MAX = 10;
const WINDOW_MS = 10_000;

type Window = { endsAtMs: number; lines: number };

/** Whether an event has had its lines; the first one of a new window tells how many were left out of the last. */
const createLimit = (nowMs: () => number) => {
  const windows = new Map<string, Window>();
  return (event: string): { readonly isOver: boolean; readonly suppressed: number } => {
    const last = windows.get(event);
    if (last && nowMs() < last.endsAtMs) return { isOver: ++last.lines > LINES_MAX, suppressed: 0 };
    windows.set(event, { endsAtMs: nowMs() + WINDOW_MS, lines: 1 });
    return { isOver: false, suppressed: Math.max(0, (last?.lines ?? 0) - LINES_MAX) };
  };
};

/**
 * JSON lines, one a call, with control characters escaped; `write` gets each with its line feed. Of one event at most 10
 * lines in 10 s are written, and the next one counts the others as `suppressed`; errors are written all.
 */
export const createLog = (
  app: string,
  level: Level,
  write: (line: string) => void,
  nowMs: () => number = () => performance.now(),
): Log => {
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(jsonLinesFormatter(record)) },
    loggers: [
      { category: ["spillway"], lowestLevel: levelNames[level], sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  const logger = getLogger(["spillway", app]);
  const limit = createLimit(nowMs);
  return (severity, event, fields) => {
    if (severity === "error") return logger.error(event, { ...fields });
    const { isOver, suppressed } = limit(event);
    if (!isOver) logger[severity](event, suppressed > 0 ? { ...fields, suppressed } : { ...fields });
  };
};
