import { createStreamAhead } from "@spillway/stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chunkOf, freshNames, keyOf } from "../conformance/chunks.ts";
import { openStream, type StreamServices, startStreamServices } from "./services.ts";

const DEADLINE_MS = 30_000;
/** Of one step of the script. */
const PART = 8;

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

/** Forty entries of three events, of which each has one that came before: two of each count. */
const setUp = async () => {
  const opened = await openStream(services);
  const { tier, namespace } = opened;
  const again = keyOf("again");
  await tier.append([chunkOf(0, [again])], DEADLINE_MS);
  for (let i = 0; i < 40; i++) await tier.append([chunkOf(0, [again, ...freshNames(2)])], DEADLINE_MS);
  const entries = (await services.admin.xrange(`{${namespace}:0}:stream`, "-", "+")).map(([entry]) => ({
    shard: 0,
    entry,
  }));
  const chunkBytes = 64 + 80;
  const asked = (parts: number) => createStreamAhead(opened.server, { namespace, bytesMax: parts * PART * chunkBytes });
  return { ...opened, entries, asked };
};

test("how many events are before an entry is counted, duplicates not among them", async () => {
  const { entries, asked, close } = await setUp();
  const ahead = asked(100);
  expect(await ahead(entries[0] ?? { shard: 0, entry: "" }, DEADLINE_MS)).toEqual({ least: 0, most: 0 });
  expect(await ahead(entries[1] ?? { shard: 0, entry: "" }, DEADLINE_MS)).toEqual({ least: 1, most: 1 });
  expect(await ahead(entries[40] ?? { shard: 0, entry: "" }, DEADLINE_MS)).toEqual({ least: 79, most: 79 });
  await close();
});

test("of an entry among the last of many it is counted from the end, in the middle it is between two numbers", async () => {
  const { entries, asked, close } = await setUp();
  const at = async (index: number) => asked(1)(entries[index] ?? { shard: 0, entry: "" }, DEADLINE_MS);
  expect(await at(38)).toEqual({ least: 75, most: 75 });
  const middle = await at(20);
  expect(middle?.least).toBeGreaterThan(0);
  expect(middle?.least).toBeLessThan(39);
  expect(middle?.most).toBeGreaterThan(39);
  expect(middle?.most).toBeLessThan(79);
  await close();
});

test("an entry that has left has none before it, and a script that is forgotten is sent again", async () => {
  const { entries, asked, close, namespace } = await setUp();
  const [first, second] = entries;
  await services.admin.xdel(`{${namespace}:0}:stream`, first?.entry ?? "");
  expect(await asked(1)(first ?? { shard: 0, entry: "" }, DEADLINE_MS)).toBeNull();
  await services.admin.script("FLUSH");
  expect(await asked(1)(second ?? { shard: 0, entry: "" }, DEADLINE_MS)).toEqual({ least: 0, most: 0 });
  await close();
});

test("what is damaged or foreign in the stream counts nothing and ends all the same", async () => {
  const { entries, asked, close, namespace } = await setUp();
  const key = `{${namespace}:0}:stream`;
  for (let i = 0; i < 100; i++) await services.admin.xadd(key, "*", "x", "");
  const last = await services.admin.xadd(key, "*", "x", "");
  const place = { shard: 0, entry: last ?? "" };
  expect((await asked(1_000)(place, DEADLINE_MS))?.least).toBe(81);
  expect((await asked(1)(entries[40] ?? place, DEADLINE_MS))?.most).toBeGreaterThan(0);
  await close();
});
