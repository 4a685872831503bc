import { platform } from "@spillway/event/platform-node";
import { createOutboxLook, createOutboxTier } from "@spillway/outbox";
import { expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { freshEach } from "./fresh-database.ts";

const DEADLINE_MS = 30_000;
const LOOKED_ROWS = 10_000;

const fresh = freshEach();

/** Rows of other events in shard 0. */
const fill = (rows: number) => fresh.admin`
  insert into outbox (shard, chunk, events, bytes, dedup_keys)
  select 0, 'x'::bytea, 1, 1, repeat('-', 16) from generate_series(1, ${rows})`;

test("an event behind more rows than are looked through is not said to be absent, and one within them is found", async () => {
  const chunk = chunkOf(0, freshNames(2));
  await createOutboxTier(fresh).append([chunk], DEADLINE_MS);
  const { outbox } = createOutboxLook(fresh);
  const look = (key: string, ...shards: number[]) => outbox(key, shards, DEADLINE_MS);
  const key = chunk.dedupKeys.slice(16);
  await fill(LOOKED_ROWS - 2);
  expect(await look(key, 0, 1)).toMatchObject({ kind: "outbox", shard: 0 });
  expect(await look(platform.digest96("another"), 0)).toEqual({ kind: "absent" });
  await fill(1);
  expect(await look(key, 0)).toMatchObject({ kind: "outbox", shard: 0 });
  await fill(1);
  expect(await look(key, 0, 1)).toEqual({ kind: "unsearched", rows: LOOKED_ROWS });
  expect(await look(key, 1)).toEqual({ kind: "absent" });
});
