import { type Running, startPostgres } from "@spillway/backends";
import { createOutboxDrain } from "@spillway/outbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openFresh } from "./fresh-database.ts";

let server: Running;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

test("a drain takes the lowest ids first, in whatever order their rows lie", async () => {
  const fresh = await openFresh(server.url);
  const ids = [7, 3, 9, 1, 5];
  for (const id of ids)
    await fresh.admin`
      insert into outbox (id, shard, chunk, events, bytes) overriding system value values (${id}, 0, '\\x00', 1, 1)`;
  // Without an index the planner reads the rows as they lie: 7, 3, 9.
  await fresh.admin.unsafe("drop index outbox_shard_id; alter table outbox drop constraint outbox_pkey");
  const shown: string[] = [];
  await createOutboxDrain(fresh).drain(0, 3, async (rows) => {
    shown.push(...rows.map(({ id }) => id));
    return rows.length;
  });
  const left = await fresh.admin`select id from outbox order by id`;
  await fresh.close();
  expect(shown).toEqual(["1", "3", "5"]);
  expect(left.map(({ id }) => id)).toEqual(["7", "9"]);
});
