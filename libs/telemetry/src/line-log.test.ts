import { expect, test } from "vitest";
import { createLineLog } from "./line-log.ts";
import { createLog, type Level, type Log, type LogFields } from "./log.ts";

const fields: LogFields = {
  text: 'a\n{"level":"ERROR"}\u001b[31m \u007f\u0085\u2028\u2029 é 😀 \ud800 \\',
  count: 1.5,
  not: Number.NaN,
  yes: true,
  none: null,
};

test("writes what createLog writes, byte for byte, and as little below its level", () => {
  const linesOf = (make: (write: (line: string) => void) => Log): readonly string[] => {
    const lines: string[] = [];
    const log = make((line) => void lines.push(line.replace(/"@timestamp":"[^"]*"/, "")));
    for (const level of ["debug", "info", "warn", "error"] satisfies Level[]) {
      log(level, "shard.diverted", fields);
      log(level, "said.alone");
    }
    return lines;
  };
  for (const level of ["debug", "info", "warn", "error"] satisfies Level[]) {
    const ours = linesOf((write) => createLineLog("edge", level, write));
    expect(ours).toEqual(linesOf((write) => createLog("edge", level, write)));
  }
});
