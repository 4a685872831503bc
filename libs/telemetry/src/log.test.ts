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

/** A log whose time stands until it is told to pass, and what was written since the last look. */
const bounded = () => {
  let nowMs = 0;
  const written: string[] = [];
  const due: { atMs: number; call: () => void }[] = [];
  const log = createLog(
    "relay",
    "info",
    (line) => void written.push(line),
    () => nowMs,
    (ms, call) => void due.push({ atMs: nowMs + ms, call }),
  );
  return {
    log,
    pass: (ms: number) => {
      nowMs += ms;
      for (const one of due.splice(0)) {
        if (one.atMs <= nowMs) one.call();
        else due.push(one);
      }
    },
    written: () =>
      written.splice(0).map((line) => {
        const { message, properties } = JSON.parse(line);
        return { message, ...properties };
      }),
  };
};

test("what changes to and fro is written ten times in ten seconds, then as it stands at last, with the count of the others", () => {
  const { log, pass, written } = bounded();
  for (let i = 0; i < 166; i++) {
    log("info", "mark.set", { shard: i % 2, i });
    log("error", "mark.cleared", { shard: 0, i });
  }
  const lines = written();
  const count = (message: string, shard: number) =>
    lines.filter((line) => line.message === message && line.shard === shard).length;
  expect([count("mark.set", 0), count("mark.set", 1), count("mark.cleared", 0)]).toEqual([10, 10, 10]);
  pass(9_999);
  expect(written()).toEqual([]);
  pass(1);
  expect(written()).toEqual([
    { message: "mark.cleared", shard: 0, i: 165, suppressed: 155 },
    { message: "mark.set", shard: 0, i: 164, suppressed: 72 },
    { message: "mark.set", shard: 1, i: 165, suppressed: 72 },
  ]);
  log("info", "mark.set", { shard: 0 });
  expect(written()).toEqual([{ message: "mark.set", shard: 0 }]);
});

test("64 shards that stop at once are 64 lines, and each request that failed has its own", () => {
  const { log, written } = bounded();
  for (let shard = 0; shard < 64; shard++) log("warn", "shard.diverted", { shard, code: "timeout" });
  for (let i = 0; i < 2_000; i++) log("error", "request.failed", { route: "/v1/events", request_id: String(i) });
  expect(written()).toHaveLength(2_064);
});
