import { expect, test } from "vitest";
import { createLog } from "./log.ts";

const lines: string[] = [];
const log = createLog("edge", "info", (line) => void lines.push(line));

test("a line is one JSON object with the event and its fields, whatever the fields hold", () => {
  log("warn", "shard.diverted", { shard: 3, reason: 'a\n{"level":"ERROR"}\u001b[31m\u2028' });
  const [line = ""] = lines.splice(0);
  expect(line.trimEnd().split("\n")).toHaveLength(1);
  expect(line).not.toContain("\u001b");
  expect(JSON.parse(line)).toMatchObject({
    level: "WARN",
    message: "shard.diverted",
    logger: "spillway.edge",
    properties: { shard: 3 },
  });
});

test("what is below the level is not written", () => {
  log("debug", "not.said");
  expect(lines.splice(0)).toEqual([]);
});

test("what changes to and fro is written ten times in ten seconds, and then how often it was not; errors always", () => {
  let nowMs = 0;
  const written: string[] = [];
  const bounded = createLog(
    "relay",
    "info",
    (line) => void written.push(line),
    () => nowMs,
  );
  for (let i = 0; i < 166; i++) {
    bounded("info", "mark.set", { shard: i % 4 });
    bounded("warn", "mark.cleared");
    bounded("error", "request.failed", { request_id: String(i) });
  }
  expect(written.filter((line) => line.includes("mark.set"))).toHaveLength(10);
  expect(written.filter((line) => line.includes("mark.cleared"))).toHaveLength(10);
  expect(written.filter((line) => line.includes("request.failed"))).toHaveLength(166);
  nowMs = 10_000;
  bounded("info", "mark.set", { shard: 0 });
  expect(JSON.parse(written.at(-1) ?? "")).toMatchObject({ properties: { shard: 0, suppressed: 156 } });
  bounded("info", "mark.set", { shard: 0 });
  expect(written.at(-1)).not.toContain("suppressed");
});
