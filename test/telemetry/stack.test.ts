import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { proveAgreement } from "./agreement.ts";
import { faultsIn, secrets } from "./log-scan.ts";
import { proveOutage } from "./proof.ts";
import { type Stack, startStack } from "./stack.ts";

/* A real Prometheus and Alertmanager beside the real services: what an operator is told when Kafka is away, and what the numbers say. */
let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
}, 300_000);
afterAll(() => stack?.stop());

test.each(["a Kafka that does not answer", "a topic that takes nothing"] as const)(
  "of %s its alert is told, and nothing that follows from it, and its end",
  (name) => proveOutage(stack, name),
  600_000,
);

test("then the metrics, the dashboard and a reader of the topics say the same numbers", async () => {
  await proveAgreement(stack);
  expect(stack.sender.accepted.size).toBeGreaterThan(100);
}, 400_000);

test("no log of the stack has anything of an event or a secret, or a line that is not in the table", async () => {
  const { pipeline, dashboard, sender } = stack;
  const forbidden = { ...secrets, "an event's type": /order\.paid|other\.made/, "an event": /specversion|"subject"/ };
  const logs = [...pipeline.apps, dashboard].map(({ logFile }) => readFileSync(logFile, "utf8"));
  expect(logs.flatMap((log) => faultsIn(log, forbidden))).toEqual([]);
  expect([...sender.accepted].filter((id) => logs.some((log) => log.includes(id)))).toEqual([]);
  // They did tell what the tests before had done.
  expect(logs.join("")).toContain('"lane.');
});
