import { createOutboxAhead } from "@spillway/outbox";
import { expect, test } from "vitest";
import { freshEach } from "./fresh-database.ts";

const fresh = freshEach();
const DEADLINE_MS = 30_000;

/** Rows of two shards in turn, of two events each. */
const fill = async (rows: number): Promise<void> => {
  await fresh.admin`
    insert into outbox (shard, chunk, events, bytes) select i % 2, '\\x00'::bytea, 2, 1 from generate_series(1, ${rows}) as i`;
};
const ahead = (shard: number, row: string) => createOutboxAhead(fresh)({ shard, row }, DEADLINE_MS);

test("events before a row are those of its shard, as long as it is there", async () => {
  await fill(10);
  expect(await ahead(1, "1")).toEqual({ least: 0, most: 0 });
  expect(await ahead(1, "7")).toEqual({ least: 6, most: 6 });
  await fresh.admin`delete from outbox where id = 7`;
  expect(await ahead(1, "7")).toBeNull();
});

test("beyond 10,000 rows it is said that there are more", async () => {
  await fill(20_010);
  expect(await ahead(0, "20002")).toEqual({ least: 20_000, most: 20_000 });
  expect(await ahead(0, "20010")).toEqual({ least: 20_002, most: null });
});
