import type { Lease } from "@spillway/event";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chunkOf } from "../conformance/chunks.ts";
import { openStream, type StreamServices, startStreamServices } from "./services.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`identity.test.ts SEED=${seed}`);

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

type Step =
  | { readonly kind: "append" | "drain"; readonly names: readonly string[] }
  | {
      readonly kind: "settle";
      readonly from: number;
      readonly count: number;
      readonly dead: number;
      readonly parked: number;
      readonly by: "owner" | "zombie";
    }
  | { readonly kind: "repeat" }
  | { readonly kind: "take" }
  | { readonly kind: "divert"; readonly begin: boolean };

const names = fc.array(
  fc.integer({ min: 0, max: 40 }).map((n) => `event-${n}`),
  { minLength: 1, maxLength: 6 },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: names.map((list): Step => ({ kind: "append", names: list })) },
  { weight: 2, arbitrary: names.map((list): Step => ({ kind: "drain", names: list })) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      from: fc.nat(5),
      count: fc.nat(4),
      dead: fc.nat(3),
      parked: fc.nat(2),
      by: fc.constantFrom("owner" as const, "zombie" as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: "repeat" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "take" }) },
  { weight: 1, arbitrary: fc.boolean().map((begin): Step => ({ kind: "divert", begin })) },
);

/** One shard, and what a bookkeeper outside of Redis expects of it. */
const openLedger = async () => {
  const { tier, stream, leases, close } = await openStream(services, { backlogEventsMax: 25 });
  const take = async () => (await leases.take(0, "one", 60_000)) as Lease;
  let lease = await take();
  let zombie = lease;
  const seen = new Set<string>();
  const told = { accepted: 0, duplicate: 0 };
  const settles: Parameters<typeof stream.settle>[1][] = [];

  const append = async (list: readonly string[], byDrain: boolean) => {
    const chunk = chunkOf(0, list);
    const answer = byDrain ? await stream.append(lease, chunk) : (await tier.append([chunk], 30_000))[0];
    if (answer?.kind !== "ok") return;
    const expected = list.flatMap((name, i) => (seen.has(name) || list.indexOf(name) < i ? [i] : []));
    expect(answer.duplicates).toEqual(expected);
    for (const name of list) seen.add(name);
    told.accepted += list.length - expected.length;
    told.duplicate += expected.length;
  };

  const settle = async (step: Extract<Step, { kind: "settle" }>) => {
    const { from, count, dead } = step;
    const entries = (await stream.read(0, "0", 100, 0)).slice(from, from + count);
    const events = entries.reduce((sum, entry) => sum + entry.events, 0);
    const buried = Math.min(dead, events);
    const parked = Math.min(step.parked, events - buried);
    const settled = { entries: entries.map(({ id }) => id), relayed: events - buried - parked, parked };
    settles.push(settled);
    await stream.settle(step.by === "owner" ? lease : zombie, settled);
  };

  const steps: { [K in Step["kind"]]: (step: Extract<Step, { kind: K }>) => Promise<unknown> } = {
    append: ({ names }) => append(names, false),
    drain: ({ names }) => append(names, true),
    settle,
    repeat: async () => {
      for (const settled of settles.slice(-2)) await stream.settle(lease, settled);
    },
    take: async () => {
      zombie = lease;
      lease = await take();
    },
    divert: async ({ begin }) => {
      if (begin) await stream.divert(lease);
      else await stream.endDiversion(lease, (await stream.diversion(0)) ?? "");
    },
  };

  const check = async () => {
    const counts = await stream.counts(0);
    const entries = await stream.read(0, "0", 1000, 0);
    const pending = entries.reduce((sum, entry) => sum + entry.events, 0);
    expect(counts).toMatchObject(told);
    expect(counts.accepted).toBe(counts.relayed + counts.dead + counts.parked + pending);
    expect(counts.backlogBytes).toBe(entries.reduce((sum, entry) => sum + entry.storedBytes, 0));
  };
  return { steps, check, close };
};

test("accepted = relayed + dead + parked + pending, whatever is done in whatever order", async () => {
  const run = async (list: readonly Step[]) => {
    const { steps, check, close } = await openLedger();
    try {
      for (const each of list) {
        await (steps[each.kind] as (step: Step) => Promise<unknown>)(each);
        await check();
      }
    } finally {
      await close();
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), run), { seed, numRuns: 60 });
});
