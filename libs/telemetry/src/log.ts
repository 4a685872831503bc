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

/** JSON lines, one a call, with control characters escaped; `write` gets each with its line feed. */
export const createLog = (app: string, level: Level, write: (line: string) => void): Log => {
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(jsonLinesFormatter(record)) },
    loggers: [
      { category: ["spillway"], lowestLevel: levelNames[level], sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  const logger = getLogger(["spillway", app]);
  const writers = {
    debug: logger.debug.bind(logger),
    info: logger.info.bind(logger),
    warn: logger.warn.bind(logger),
    error: logger.error.bind(logger),
  } as const;
  return (severity, event, fields) => writers[severity](event, { ...fields });
};
