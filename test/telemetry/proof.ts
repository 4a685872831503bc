import { expect } from "vitest";
import { type Outage, type OutageName, outages } from "./outages.ts";
import { areSo, pageOf } from "./runbook.ts";
import { isQuiet, patiently, type Stack } from "./stack.ts";

/** What an operator is rightly told, too, when the machine itself was so slow that events were refused. */
const OF_REFUSALS = ["SpillwayEventsRefused", "SpillwayIngestBudgetBurnsFast", "SpillwayIngestBudgetBurnsSlowly"];

const toldBesides = (names: readonly string[], refused: boolean): readonly string[] =>
  names.filter((name) => !refused || !OF_REFUSALS.includes(name));

/** Each question of these pages has an answer while it lasts. */
const looksAsThePagesSay = async (stack: Stack, names: readonly string[]): Promise<void> => {
  const questions = names.flatMap((name) => pageOf(name).looksLike);
  expect(await areSo(stack, questions)).toEqual(questions);
};

/** It looks so no more, and the pages say the same. */
export const isOverAsThePagesSay = async (stack: Stack, names: readonly string[]): Promise<void> => {
  const pages = names.map(pageOf);
  const over = pages.flatMap((page) => page.over);
  let answered: readonly string[] = [];
  await patiently(`an answer to each of ${over.join("; ")}`, async () => {
    answered = await areSo(stack, over);
    return answered.length === over.length;
  });
  expect(
    await areSo(
      stack,
      pages.flatMap((page) => page.looksLike),
    ),
  ).toEqual([]);
};

/** While it lasts its cause is told, and what follows fires and is not; the pages say so. */
const isTold = async (stack: Stack, { told, follow }: Outage, refused: () => boolean): Promise<void> => {
  const { observers } = stack;
  const all = [...told, ...follow];
  const fire = async () => {
    const standing = new Set([...(await observers.active()), ...(await observers.suppressed())]);
    return all.every((alert) => standing.has(alert)) && told.every((alert) => observers.sent().includes(alert));
  };
  await patiently(`${all.join(", ")}, and who is told`, fire);
  expect(toldBesides(await observers.active(), refused())).toEqual(toldBesides(told, refused()));
  expect(await observers.suppressed()).toEqual(expect.arrayContaining([...follow]));
  await looksAsThePagesSay(stack, all);
};

/**
 * Brings the outage about and ends it. Whoever is told hears of its cause while all that follows from it fires as well, and of nothing
 * else until the system is quiet again; the pages of all of these say how it looks, and that it is over.
 */
export const proveOutage = async (stack: Stack, name: OutageName): Promise<void> => {
  const outage: Outage = outages[name];
  const { observers, sender } = stack;
  await patiently("a quiet system", () => isQuiet(stack));
  observers.forgetSent();
  const refusedBefore = sender.refused.size;
  const refused = () => sender.refused.size > refusedBefore;
  const end = await outage.begin(stack);
  const [seen] = await Promise.allSettled([isTold(stack, outage, refused)]);
  const [ended] = await Promise.allSettled([end()]);
  for (const part of [seen, ended]) if (part.status === "rejected") throw part.reason;
  await patiently("the end of it", () => isQuiet(stack));
  expect(toldBesides(observers.sent(), refused())).toEqual(toldBesides(outage.told, refused()));
  await isOverAsThePagesSay(stack, [...outage.told, ...outage.follow]);
};
