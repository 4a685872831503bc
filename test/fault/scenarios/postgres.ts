import postgres from "postgres";
import { database, killedFor, outboxOnly, pause, times } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";

const withPostgres = async <T>(world: FaultWorld, use: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const sql = postgres(world.pipeline.addresses.databaseUrl, { max: 1, onnotice: () => undefined });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
};

export const postgresScenarios: readonly Scenario[] = [
  {
    id: "F23",
    fault: "both tiers down for 5 s",
    quick: true,
    during: "either",
    run: async (world) => {
      await Promise.all([world.services.redis.kill("SIGKILL"), world.services.postgres.kill("SIGKILL")]);
      await world.sleep(1_500);
      const accepted = world.producer.accepted();
      await world.sleep(3_500);
      if (world.producer.accepted() !== accepted) throw new Error("an event was accepted by no tier");
      await Promise.all([world.services.redis.restart(), world.services.postgres.restart()]);
    },
  },
  {
    id: "F22b",
    fault: "Postgres killed −9 while Redis is well, back after 5 s",
    during: "answers",
    run: killedFor(database, 5_000),
  },
  {
    id: "F24",
    fault: "outbox only: every other connection to Postgres is taken",
    during: "either",
    run: outboxOnly(async (world) => {
      const takers: postgres.Sql[] = [];
      for (let i = 0; i < 120; i++) {
        const sql = postgres(world.pipeline.addresses.databaseUrl, { max: 1, onnotice: () => undefined });
        takers.push(sql);
        if ((await sql`SELECT 1`.catch(() => null)) === null) break;
      }
      await world.sleep(3_000);
      await Promise.all(takers.map((sql) => sql.end({ timeout: 0 })));
    }),
  },
  {
    id: "F25",
    fault: "outbox only: Postgres is read-only",
    during: "either",
    run: outboxOnly(async (world) => {
      await withPostgres(world, async (sql) => {
        await sql`ALTER SYSTEM SET default_transaction_read_only = on`;
        await sql`SELECT pg_reload_conf()`;
      });
      await world.sleep(1_000);
      const accepted = world.producer.accepted();
      await world.sleep(3_000);
      const more = world.producer.accepted() - accepted;
      await withPostgres(world, async (sql) => {
        await sql`SET default_transaction_read_only = off`;
        await sql`ALTER SYSTEM RESET default_transaction_read_only`;
        await sql`SELECT pg_reload_conf()`;
      });
      if (more > 0) throw new Error(`${more} events were accepted by a read-only outbox`);
    }),
  },
  {
    id: "F27",
    fault: "outbox only: Postgres killed −9 and restarted at once, three times",
    during: "either",
    run: outboxOnly(times(3, killedFor(database, 0), pause(1_500))),
  },
  {
    id: "F28a",
    fault: "outbox only: backends terminated in the middle of inserts, for 5 s",
    during: "answers",
    run: outboxOnly(async (world) => {
      const until = performance.now() + 5_000;
      while (performance.now() < until) {
        await withPostgres(
          world,
          (sql) => sql`
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND datname = current_database() AND query ILIKE '%insert into%outbox%'`,
        );
        await world.sleep(200);
      }
    }),
  },
  {
    id: "F29",
    fault: "outbox only: the table is locked for 4 s",
    quick: true,
    during: "either",
    run: outboxOnly((world) =>
      withPostgres(world, (sql) =>
        sql.begin(async (transaction) => {
          await transaction`LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE`;
          await world.sleep(4_000);
        }),
      ),
    ),
  },
  {
    id: "F31",
    fault: "a lower outbox id commits after higher ones were drained",
    quick: true,
    during: "answers",
    run: async (world) => {
      world.proxies.edgeToRedis.set({ kind: "refuse" });
      await world.sleep(1_500);
      await withPostgres(world, (sql) =>
        sql.begin(async (transaction) => {
          // A copy of a row stands in for an application's slow transaction: its event is known, so it counts as a duplicate.
          const rows = await transaction`
            INSERT INTO outbox (shard, chunk, events, bytes) SELECT shard, chunk, events, bytes FROM outbox LIMIT 1 RETURNING id`;
          if (rows.length !== 1) throw new Error("no row to copy: the outbox was empty");
          await world.sleep(1_000);
          world.proxies.edgeToRedis.set({ kind: "pass" });
          await world.sleep(4_000);
        }),
      );
    },
  },
];
