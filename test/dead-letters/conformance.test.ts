import { createDeadLetters } from "@spillway/dead-letters";
import type { Running } from "@spillway/devstack";
import { startPostgres } from "@spillway/devstack";
import { deadLetters as table } from "@spillway/drizzle";
import { asc } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { afterAll, beforeAll } from "vitest";
import { deadLettersConformance } from "../conformance/dead-letters.ts";
import { openFresh } from "../outbox/fresh-database.ts";

let server: Running;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

deadLettersConformance("Postgres", async () => {
  const { database, admin, close } = await openFresh(server.url);
  const { shard, entry, index, deadLetterClass, code, detail, topic, type } = table;
  const { partitionKey, traceparent, dedupKey, replay, attempts, receivedAt, bytes } = table;
  const fields = { shard, entry, index, deadLetterClass, code, detail, topic, type };
  const more = { partitionKey, traceparent, dedupKey, replay, attempts, receivedAt, bytes };
  return {
    deadLetters: createDeadLetters({ database }),
    all: async () => {
      const rows = await drizzle(admin)
        .select({ ...fields, ...more })
        .from(table)
        .orderBy(asc(table.id));
      return rows.map(({ receivedAt, ...row }) => ({ ...row, receivedAtMs: receivedAt?.getTime() ?? null }));
    },
    close,
  };
});
