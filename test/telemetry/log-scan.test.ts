import { expect, test } from "vitest";
import { faultsIn, leaksIn } from "./log-scan.ts";

const SECRET = "key-of-the-tests";
const forbidden = { "the key": SECRET, "a payload": /"pad"/ };
const line = (over: object) =>
  JSON.stringify({
    "@timestamp": "2026-11-30T08:00:00.000Z",
    level: "WARN",
    message: "shard.diverted",
    logger: "spillway.edge",
    properties: { shard: 3, code: "timeout" },
    ...over,
  });

test("lines of the table have no fault", () => {
  const config = line({ level: "INFO", message: "config", properties: { PORT: 1, ANY_SETTING: "x" } });
  const repeated = line({ properties: { shard: 3, code: "timeout", suppressed: 7 } });
  expect(faultsIn(`${line({})}\n${config}\n${repeated}\n`, forbidden)).toEqual([]);
});

test.each([
  ["as it is", SECRET],
  ["in base64", Buffer.from(`Bearer ${SECRET}`).toString("base64")],
  ["in base64, after one letter more", Buffer.from(`xBearer ${SECRET}!`).toString("base64")],
  ["in base64, after two letters more", Buffer.from(`xyBearer ${SECRET}!?`).toString("base64")],
  ["in hex", Buffer.from(SECRET).toString("hex")],
])("a secret %s is found in one leaked line, and not repeated", (_, leaked) => {
  expect(leaksIn(`${line({})}\n${line({ properties: { shard: 3, code: leaked } })}`, forbidden)).toEqual(["the key"]);
});

test.each([
  ["an event that is not in the table", { message: "shard.invented" }, "shard.invented, which is not in the table"],
  ["another app's", { logger: "spillway.relay" }, "shard.diverted of the relay"],
  ["another level", { level: "ERROR" }, "shard.diverted as ERROR"],
  ["a field more", { properties: { shard: 3, code: "timeout", body: "{}" } }, "shard.diverted with body"],
])("a line with %s is a fault", (_, over, fault) => {
  expect(faultsIn(line(over), forbidden)).toEqual([fault]);
});

test("text that is no line of ours is a fault", () => {
  expect(faultsIn(`${line({})}\nTypeError: x is not a function`, forbidden)).toEqual(["a line that is no JSON"]);
});
