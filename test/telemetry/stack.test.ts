import { afterAll, beforeAll, expect, test } from "vitest";
import { proveAgreement } from "./agreement.ts";
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
