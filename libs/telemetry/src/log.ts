import { configureSync, getLogger, jsonLinesFormatter, type LogLevel } from "@logtape/logtape";
import { createLogLimit } from "./log-limit.ts";

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

/** No process lives for it. On Workers a timer is a number. */
const afterMs = (ms: number, call: () => void): void => {
  const timer: unknown = setTimeout(call, ms);
  if (timer instanceof Object && "unref" in timer) (timer as { unref(): void }).unref();
};

/**
 * JSON lines, one a call, with control characters escaped; `write` gets each with its line feed. Of one event and place at most 10
 * lines in 10 s are written, and at their end the last of the others, which counts the rest as `suppressed`.
 */
export const createLog = (
  app: string,
  level: Level,
  write: (line: string) => void,
  nowMs: () => number = () => performance.now(),
  after: (ms: number, call: () => void) => void = afterMs,
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
  const limited = createLogLimit({
    write: (line) => logger[line.level](line.event, { ...line.fields }),
    nowMs,
    after,
  });
  return (severity, event, fields = {}) => limited({ level: severity, event, fields });
};
