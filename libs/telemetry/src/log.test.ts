import { expect, test } from "vitest";
import { createLog } from "./log.ts";

const lines: string[] = [];
const log = createLog("edge", "info", (line) => void lines.push(line));

test("a line is one JSON object with the event and its fields, whatever the fields hold", () => {
  log("warn", "shard.fenced", { shard: 3, reason: 'a\n{"level":"ERROR"}\u001b[31m\u2028' });
  const [line = ""] = lines.splice(0);
  expect(line.trimEnd().split("\n")).toHaveLength(1);
  expect(line).not.toContain("\u001b");
  expect(JSON.parse(line)).toMatchObject({
    level: "WARN",
    message: "shard.fenced",
    logger: "spillway.edge",
    properties: { shard: 3 },
  });
});

test("what is below the level is not written", () => {
  log("debug", "not.said");
  expect(lines.splice(0)).toEqual([]);
});
