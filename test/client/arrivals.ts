import { eventually } from "@spillway/backends/eventually";
import { expect } from "vitest";
import type { Pipeline } from "../support/world.ts";

/** An event that a client took. */
export type Taken = { readonly id: string; readonly key: string; readonly seq: number };

type Arrived = { readonly id: string; readonly subject: string; readonly data: { readonly seq: number } };

/** What the topic holds, each event once, where it came first. */
const arrivedIn = async (pipeline: Pipeline): Promise<Taken[]> => {
  const first = new Map<string, Taken>();
  for (const { value } of await pipeline.read()) {
    const { id, subject, data } = JSON.parse(value.toString()) as Arrived;
    if (!first.has(id)) first.set(id, { id, key: subject, seq: data.seq });
  }
  return [...first.values()];
};

const byKey = (events: Iterable<Taken>): Map<string, Taken[]> => {
  const keys = new Map<string, Taken[]>();
  for (const event of events) keys.set(event.key, [...(keys.get(event.key) ?? []), event]);
  return keys;
};

/**
 * All that was taken comes to the topic, each key's events in the order in which they were taken. Nothing else does, but for
 * `untoldMax` events of which a process that was killed had told nobody yet.
 */
export const expectArrivals = async (pipeline: Pipeline, taken: readonly Taken[], untoldMax = 0): Promise<void> => {
  const told = new Set(taken.map(({ id }) => id));
  const look = async () => {
    const all = await arrivedIn(pipeline);
    return { arrived: all.filter(({ id }) => told.has(id)), untold: all.filter(({ id }) => !told.has(id)) };
  };
  const complete = () => look().then((seen) => (seen.arrived.length === taken.length ? seen : undefined));
  const { arrived, untold } = await eventually("all in the topic", complete, 120_000).catch(look);
  const sorted = (keys: Map<string, Taken[]>) => [...keys].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(sorted(byKey(arrived))).toEqual(sorted(byKey(taken)));
  expect(untold.length).toBeLessThanOrEqual(untoldMax);
};
