import type { Running } from "@spillway/backends";
import { startPostgres } from "@spillway/backends";
import { createDeadLetters, createReplay } from "@spillway/dead-letters";
import { deadLetters as table } from "@spillway/drizzle";
import { platform } from "@spillway/event/platform-node";
import { asc } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { afterAll, beforeAll } from "vitest";
import { deadLettersConformance } from "../conformance/dead-letters.ts";
import { REPLAY_SHARDS, replayConformance } from "../conformance/replay.ts";
import { openFresh } from "../outbox/fresh-database.ts";

const REPLAY_BYTES_MAX = 1_000_000;

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
    close,
  };
});

replayConformance("Postgres", async () => {
  const { database, admin, close } = await openFresh(server.url);
  return {
    deadLetters: createDeadLetters({ database }),
    replay: createReplay({ database, shards: REPLAY_SHARDS, platform, bytesMax: REPLAY_BYTES_MAX }),
    ids: async () => (await admin<{ id: string }[]>`select id from dead_letters order by id`).map(({ id }) => id),
    queued: () => admin<{ shard: number; chunk: Uint8Array }[]>`select shard, chunk from outbox order by id`,
    bytesMax: REPLAY_BYTES_MAX,
    close,
  };
});
