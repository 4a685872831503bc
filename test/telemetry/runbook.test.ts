import { afterAll, beforeAll, expect, test } from "vitest";
import { type OutageName, outages } from "./outages.ts";
import { isOverAsThePagesSay, proveOutage } from "./proof.ts";
import { followCommands, pageNames, pageOf } from "./runbook.ts";
import { isQuiet, patiently, type Stack, startStack } from "./stack.ts";

/* Every page of the runbook is followed on the real system, and an operator ends what only an operator can end. */
let stack: Stack;
beforeAll(async () => {
  const backlog = { BACKLOG_EVENTS_MAX: "2000" };
  stack = await startStack({ edgeEnv: { ...backlog, OUTBOX_EVENTS_MAX: "4000" }, relayEnv: backlog });
  await patiently("a quiet system", () => isQuiet(stack));
}, 300_000);
afterAll(() => stack?.stop());

test.each(pageNames)(
  "%s: on a healthy system its questions have answers, its commands say that all is well",
  async (name) => {
    const page = pageOf(name);
    expect([page.looksLike.length, page.over.length, page.questions.length + page.commands.length]).not.toContain(0);
    for (const question of page.questions) await stack.observers.query(question);
    await followCommands(stack, name);
    await isOverAsThePagesSay(stack, [name]);
  },
);

test.each([
  "no relay",
  "dead letters",
  "a Redis that was emptied",
  "a Redis that does not keep what it takes",
  "stream and outbox full",
  "consumers that are gone",
] as const)("of %s its alerts are told, its pages fit, and it ends", (name) => proveOutage(stack, name), 600_000);

test("all but these pages were followed while their alert fired", () => {
  const names: readonly OutageName[] = Object.keys(outages) as OutageName[];
  const fired = new Set<string>(names.flatMap((name) => [...outages[name].told, ...outages[name].follow]));
  expect(pageNames.filter((name) => !fired.has(name))).toEqual([
    "SpillwayDeadLettersWait",
    "SpillwayIngestBudgetBurnsFast",
    "SpillwayIngestBudgetBurnsSlowly",
  ]);
});
