import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { readTopic } from "../support/topic.ts";
import { lookAt } from "./operator.ts";
import { isQuiet, ORDERS, patiently, RECORD_BYTES_MAX, type Stack } from "./stack.ts";

const DEAD_LETTERS = 3;

type Account = {
  readonly accepted: number;
  readonly relayed: number;
  readonly dead: number;
  readonly pending: number;
  readonly unaccounted: number;
  /** That wait for a decision. */
  readonly letters: number;
};

const byMetrics = async ({ observers }: Stack): Promise<Account> => {
  const sum = async (metric: string) => (await observers.number(`sum(${metric})`)) ?? Number.NaN;
  return {
    accepted: await sum("spillway_events_accepted_total"),
    relayed: await sum("spillway_events_relayed_total"),
    dead: await sum("spillway_events_dead_total"),
    pending: await sum("spillway_events_pending"),
    unaccounted: await sum("spillway_unaccounted_events"),
    letters: await sum("spillway_dead_letters_waiting"),
  };
};

type Shown = {
  readonly account: Readonly<Record<"accepted" | "relayed" | "dead" | "waiting" | "unaccounted", number>>;
  readonly totals: { readonly total: number };
};

const byDashboard = async (stack: Stack): Promise<Account> => {
  const { account, totals } = (await lookAt(stack)) as Shown;
  const { waiting: pending, accepted, relayed, dead, unaccounted } = account;
  return { accepted, relayed, dead, pending, unaccounted, letters: totals.total };
};

/** The ids that a consumer of both topics finds. */
const idsInTopics = async ({ pipeline }: Stack): Promise<ReadonlySet<string>> => {
  const records = [...(await pipeline.read()), ...(await readTopic(pipeline.addresses.brokers, ORDERS))];
  return new Set(records.map(({ value }) => JSON.parse(value.toString()).id));
};

/**
 * Stops the traffic, with some dead letters, and counts when nothing waits any more: what clients were told, what `/metrics` says, what the
 * dashboard shows, and what a consumer finds is the same.
 */
export const proveAgreement = async (stack: Stack): Promise<void> => {
  const { sender } = stack;
  await patiently("a quiet system", () => isQuiet(stack));
  for (let i = 0; i < DEAD_LETTERS; i++) {
    const data = randomBytes(RECORD_BYTES_MAX).toString("base64");
    await patiently(
      "an event that Kafka will refuse",
      async () => (await sender.post({ type: "other.big", data })) === 202,
    );
  }
  await sender.stop();

  const isSettled = ({ accepted, relayed, dead, pending, unaccounted, letters }: Account) =>
    accepted >= sender.accepted.size && accepted === relayed + dead && letters === dead && pending + unaccounted === 0;
  const metrics = await patiently("a scrape in which each event has met its end", async () => {
    const account = await byMetrics(stack);
    return isSettled(account) && account;
  });
  expect(metrics.dead).toBe(DEAD_LETTERS);
  // What it shows is a second old.
  await patiently("the dashboard shows the same", async () =>
    isDeepStrictEqual(await byDashboard(stack), metrics),
  ).catch(async () => expect(await byDashboard(stack)).toEqual(metrics));

  const found = await idsInTopics(stack);
  expect(found.size).toBe(metrics.relayed);
  expect([...sender.accepted].filter((id) => !found.has(id))).toHaveLength(DEAD_LETTERS);
  // An event that was refused may be there all the same: whoever refused it did not hear in time that it was stored.
  expect([...found].filter((id) => !sender.accepted.has(id) && !sender.refused.has(id))).toEqual([]);
};
