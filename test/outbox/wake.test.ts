import { eventually } from "@spillway/backends/eventually";
import { createOutboxTier } from "@spillway/outbox";
import { expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { beginInsert, freshEach } from "./fresh-database.ts";

const DEADLINE_MS = 30_000;

const fresh = freshEach();

test("an application's long transaction keeps nobody from waking the drain", async () => {
  let calls = 0;
  const listening = fresh.database.listen("spillway_outbox", () => calls++);
  await eventually("it listens", () => calls > 0);
  const insert = await beginInsert(fresh.admin, chunkOf(0, freshNames(1)));
  const tier = createOutboxTier(fresh);
  const before = calls;
  await tier.append([chunkOf(1, freshNames(1))], DEADLINE_MS);
  await eventually("a call for the tier's row", () => calls > before);
  const committed = calls;
  await insert.commit();
  await eventually("a call for the application's row", () => calls > committed);
  await listening.close();
});

test("of many inserts at once not every one notifies, and the first does", async () => {
  let calls = 0;
  const listening = fresh.database.listen("spillway_outbox", () => calls++);
  await eventually("it listens", () => calls > 0);
  const tier = createOutboxTier(fresh);
  const before = calls;
  const shards = Array.from({ length: 200 }, (_, shard) => shard);
  await Promise.all(shards.map((shard) => tier.append([chunkOf(shard, freshNames(1))], DEADLINE_MS)));
  await eventually("a call", () => calls > before);
  expect(calls - before).toBeLessThanOrEqual(200);
  await listening.close();
});
