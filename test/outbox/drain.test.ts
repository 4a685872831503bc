import { createOutboxDrain, createOutboxInspector } from "@spillway/outbox";
import { beforeEach, describe, expect, test } from "vitest";
import { freshEach } from "./fresh-database.ts";

const DEADLINE_MS = 30_000;

const fresh = freshEach();

/* Without an index the planner reads the rows as they lie: 7, 5, 9. Each says that it has as many bytes as its id. */
describe("of rows that lie in another order than that of their ids", () => {
  beforeEach(async () => {
    for (const id of [7, 5, 9, 1, 3])
      await fresh.admin`
        insert into outbox (id, shard, chunk, events, bytes, created_at) overriding system value
        values (${id}, ${id > 5 ? 1 : 0}, '\\x00', 1, ${id}, to_timestamp(${id}))`;
    await fresh.admin.unsafe("drop index outbox_shard_id; alter table outbox drop constraint outbox_pkey");
  });

  const shown = async (shard: number, rowsMax: number, bytesMax: number) => {
    const ids: string[] = [];
    await createOutboxDrain({ database: fresh.database, bytesMax }).drain(
      { shard, token: 1 },
      rowsMax,
      async (rows) => {
        ids.push(...rows.map(({ id }) => id));
        return 0;
      },
    );
    return ids;
  };

  test("a drain takes the lowest ids first, and leaves the others", async () => {
    const drain = createOutboxDrain(fresh);
    const moved: string[] = [];
    await drain.drain({ shard: 0, token: 1 }, 2, async (rows) => {
      moved.push(...rows.map(({ id }) => id));
      return rows.length;
    });
    expect(moved).toEqual(["1", "3"]);
    const left = await fresh.admin`select id from outbox order by id`;
    expect(left.map(({ id }) => id)).toEqual(["5", "7", "9"]);
  });

  test("a drain takes so many bytes, though always one row", async () => {
    expect(await shown(0, 10, 4)).toEqual(["1", "3"]);
    expect(await shown(0, 10, 5)).toEqual(["1", "3", "5"]);
    expect(await shown(0, 2, 100)).toEqual(["1", "3"]);
    expect(await shown(1, 10, 1)).toEqual(["7"]);
  });

  test("the oldest is the one of the lowest id, of all and of each shard", async () => {
    expect((await createOutboxDrain(fresh).size(DEADLINE_MS)).oldestAtMs).toBe(1_000);
    const shards = await createOutboxInspector(fresh).shards(DEADLINE_MS);
    expect(shards.map(({ shard, oldestAtMs }) => [shard, oldestAtMs])).toEqual([
      [0, 1_000],
      [1, 7_000],
    ]);
  });
});
