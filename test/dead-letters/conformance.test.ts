import type { Running } from "@spillway/backends";
import { startPostgres } from "@spillway/backends";
import { createDeadLetters, createReplay } from "@spillway/dead-letters";
import { deadLetters as table } from "@spillway/drizzle";
import { platform } from "@spillway/event/platform-node";
import { asc } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { afterAll, beforeAll } from "vitest";
import { deadLettersConformance, REPLAY_SHARDS } from "../conformance/dead-letters.ts";
import { openFresh } from "../outbox/fresh-database.ts";

let server: Running;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

deadLettersConformance("Postgres", async () => {
  const { database, admin, close } = await openFresh(server.url);
  const { shard, entry, index, deadLetterClass, code, detail, topic, type } = table;
  const { partitionKey, traceparent, tracestate, identity, replay, attempts, receivedAt, bytes } = table;
  const fields = { shard, entry, index, deadLetterClass, code, detail, topic, type };
  const more = { partitionKey, traceparent, tracestate, identity, replay, attempts, receivedAt, bytes };
  const sendAgain = createReplay({ database, shards: REPLAY_SHARDS, platform });
  return {
    deadLetters: createDeadLetters({ database }),
    all: async () => {
      const rows = await drizzle(admin)
        .select({ ...fields, ...more })
        .from(table)
        .orderBy(asc(table.id));
      return rows.map(({ receivedAt, tracestate, ...row }) => ({
        ...row,
        ...(tracestate === null ? null : { tracestate }),
        receivedAtMs: receivedAt?.getTime() ?? null,
      }));
    },
    replay: async ({ shard, entry, index }) => {
      const [row] = await admin<{ id: string }[]>`
        select id from dead_letters where shard = ${shard} and entry = ${entry} and index = ${index}`;
      return (await sendAgain([row?.id ?? ""], { by: "operator" })).replayed.length === 1;
    },
    replayed: () => admin<{ shard: number; chunk: Uint8Array }[]>`select shard, chunk from outbox order by id`,
    close,
  };
});
