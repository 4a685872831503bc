import type { Running } from "@spillway/backends";
import { startPostgres } from "@spillway/backends";
import { createDeadLetters, createReplay } from "@spillway/dead-letters";
import { createLetterLook } from "@spillway/dead-letters/look";
import { platform } from "@spillway/event/platform-node";
import { createCopies, createLedger, createOutboxDrain, createOutboxTier, createParking } from "@spillway/outbox";
import { createOutboxLook } from "@spillway/outbox/tier";
import { afterAll, beforeAll } from "vitest";
import { copiesConformance } from "../conformance/copies.ts";
import { ledgerConformance } from "../conformance/ledger.ts";
import { outboxDrainConformance } from "../conformance/outbox-drain.ts";
import { outboxTierConformance } from "../conformance/outbox-tier.ts";
import { parkingConformance } from "../conformance/parking.ts";
import { outboxSightConformance } from "../conformance/sights.ts";
import { tierConformance } from "../conformance/tier.ts";
import { beginInsert, openFresh } from "./fresh-database.ts";

let server: Running;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const open = async (pooled: boolean) => {
  const { database, admin, close } = await openFresh(server.url, { pooled });
  return {
    database,
    tier: createOutboxTier({ database }),
    drain: createOutboxDrain({ database }),
    copies: createCopies({ database }),
    ledger: createLedger({ database }),
    parking: createParking({ database }),
    possible: async (shard: number) => {
      const [row] = await admin<{ possible: number }[]>`
        select possible::int from shard_checkpoints where shard = ${shard}`;
      return row?.possible ?? 0;
    },
    unaccounted: async (shard: number) => {
      const [row] = await admin<{ unaccounted: number }[]>`
        select unaccounted::int from shard_checkpoints where shard = ${shard}`;
      return row?.unaccounted ?? 0;
    },
    stored: (shard: number) =>
      admin<{ chunk: Uint8Array }[]>`select chunk from outbox where shard = ${shard} order by id`,
    begin: (chunk: Parameters<typeof beginInsert>[1]) => beginInsert(admin, chunk),
    clockGoesBack: async () => void (await admin`update copies set created_at = created_at + interval '1 hour'`),
    goBack: async () => {
      await admin`truncate outbox restart identity`;
      await admin`delete from shard_writers`;
    },
    clear: async (shard: number) => void (await admin`delete from outbox where shard = ${shard}`),
    close,
  };
};

for (const [name, pooled] of [
  ["Postgres", true],
  ["Postgres, a connection for every statement,", false],
] as const) {
  tierConformance(name, { dropsDuplicates: false }, () => open(pooled));
  outboxTierConformance(name, () => open(pooled));
}

copiesConformance("Postgres", () => open(true));

outboxDrainConformance("Postgres", () => open(true));

ledgerConformance("Postgres", () => open(true));

parkingConformance("Postgres", () => open(true));

outboxSightConformance("Postgres", async () => {
  const { database, ...rest } = await open(true);
  const replay = createReplay({ database, shards: 4, platform });
  return {
    ...rest,
    look: createOutboxLook({ database }),
    letterLook: createLetterLook({ database }),
    deadLetters: createDeadLetters({ database }),
    replay: async (letter) => void (await replay([letter], { by: "ann" })),
  };
});
