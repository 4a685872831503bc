import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { faultsIn, secrets } from "./log-scan.ts";
import { testOutages } from "./told-outages.ts";

const stackOf = testOutages("a Kafka that does not answer", "a topic that takes nothing");

test("no log of the stack has anything of an event or a secret, or a line that is not in the table", async () => {
  const { pipeline, dashboard, sender } = stackOf();
  const forbidden = { ...secrets, "an event's type": /order\.paid|other\.made/, "an event": /specversion|"subject"/ };
  const logs = [...pipeline.apps, dashboard].map(({ logFile }) => readFileSync(logFile, "utf8"));
  expect(logs.flatMap((log) => faultsIn(log, forbidden))).toEqual([]);
  expect([...sender.accepted].filter((id) => logs.some((log) => log.includes(id)))).toEqual([]);
  // They did tell what the tests before had done.
  expect(logs.join("")).toContain('"lane.');
});
