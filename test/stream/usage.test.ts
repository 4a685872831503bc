import { eventually } from "@spillway/backends/eventually";
import type { Usage, UsageExchange, UsageOfAll } from "@spillway/event";
import { createStreamTier } from "@spillway/stream/tier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import {
  belongingTo,
  limitsOf,
  openStream,
  restTransport,
  type StreamServices,
  startStreamServices,
} from "./services.ts";

const DEADLINE_MS = 30_000;

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

/** Two edges of one installation; each tells what it is given, once. */
const open = async () => {
  const { namespace, close } = await openStream(services);
  const edge = () => {
    let due: { name: string; usage: Usage }[] = [];
    const heard: [string, UsageOfAll][] = [];
    const usage: UsageExchange = {
      due: () => due.splice(0),
      heard: (name, ofAll) => void heard.push([name, ofAll]),
    };
    const belonging = belongingTo(namespace);
    const setup = { transport: restTransport(services.rest), namespace, belonging, limits: limitsOf() };
    const tier = createStreamTier({ ...setup, usage });
    const append = async (shard = 0) => (await tier.append([chunkOf(shard, freshNames(1))], DEADLINE_MS))[0]?.kind;
    return {
      heard,
      append,
      tell: async (name: string, events: number, bytes: number, shard?: number) => {
        due = [{ name, usage: { events, bytes } }];
        heard.length = 0;
        expect(await append(shard)).toBe("ok");
        return heard[0]?.[1];
      },
    };
  };
  const keys = () => services.admin.keys(`{${namespace}:usage:*`);
  return { one: edge(), two: edge(), keys, close };
};

describe("what edges tell each other of a producer", () => {
  test("comes back with an append's answer as the sum of all, whichever shard it is of, each producer by itself", async () => {
    const { one, two, close } = await open();
    // The first append asks whose Redis this is.
    for (const edge of [one, two]) await edge.append();
    expect(await one.tell("shop", 100, 2_000)).toEqual({ edges: 1, events: 100, bytes: 2_000 });
    const ofAll = await two.tell("shop", 50.5, 0, 3);
    expect(ofAll?.edges).toBe(2);
    expect(ofAll?.events).toBeGreaterThan(100);
    expect(ofAll?.events).toBeLessThanOrEqual(150.5);
    expect(await two.tell("till", 7, 7)).toEqual({ edges: 1, events: 7, bytes: 7 });
    // What was told anew takes the place of what was told before.
    expect((await one.tell("shop", 0, 0))?.events).toBeLessThanOrEqual(50.5);
    await close();
  });

  test("costs nothing while nothing is told, and is forgotten after a while", async () => {
    const { one, keys, close } = await open();
    await one.append();
    expect([await keys(), one.heard]).toEqual([[], []]);
    await one.tell("shop", 1, 1);
    const [key = ""] = await keys();
    expect(await services.admin.pttl(key)).toBeGreaterThan(0);
    await eventually("nothing is left", async () => (await keys()).length === 0, 20_000);
    await close();
  });

  test("does not keep events from being stored when it fails, and goes on by itself", async () => {
    const { one, keys, close } = await open();
    await one.append();
    await one.tell("shop", 1, 1);
    const [key = ""] = await keys();
    await services.admin.set(key, "of another type");
    expect(await one.tell("shop", 2, 2)).toBeUndefined();
    await services.admin.del(key);
    await services.admin.script("FLUSH");
    expect(await one.tell("shop", 3, 3)).toEqual({ edges: 1, events: 3, bytes: 3 });
    await services.admin.script("FLUSH");
    expect(await one.tell("shop", 4, 4)).toBeUndefined();
    expect(await one.tell("shop", 5, 5)).toEqual({ edges: 1, events: 5, bytes: 5 });
    await close();
  });
});
