import { afterAll, beforeAll, expect, test } from "vitest";
import { proveAgreement } from "./agreement.ts";
import { proveOutage } from "./proof.ts";
import { type Stack, startStack } from "./stack.ts";

/**
 * The tests of a file: a real Prometheus and Alertmanager beside the real services, and what an operator is told of each of these outages in turn, and
 * what the numbers say afterwards. Answers how to reach the stack in a further test.
 */
export const testOutages = (...outages: readonly Parameters<typeof proveOutage>[1][]): (() => Stack) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  }, 300_000);
  afterAll(() => stack?.stop());

  test.each(outages)(
    "of %s its alert is told, and nothing that follows from it, and its end",
    (name) => proveOutage(stack, name),
    600_000,
  );

  test("then the metrics, the dashboard and a reader of the topics say the same numbers", async () => {
    await proveAgreement(stack);
    expect(stack.sender.accepted.size).toBeGreaterThan(100);
  }, 400_000);

  return () => stack;
};
