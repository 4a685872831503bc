import { eventually } from "@spillway/backends/eventually";
import postgres from "postgres";
import {
  database,
  edge,
  type Injection,
  inTurn,
  killedFor,
  outboxOnly,
  pause,
  redis,
  times,
  whileFrozen,
} from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";

const withPostgres = async <T>(world: FaultWorld, use: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const sql = postgres(world.pipeline.addresses.databaseUrl, { max: 1, onnotice: () => undefined });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
};

/** As a full disk: the server reads, and refuses what would make the table longer, by the same SQLSTATE. */
const whileDiskIsFull =
  (injection: Injection): Injection =>
  (world) =>
    withPostgres(world, async (sql) => {
      await sql.unsafe(`
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION full_disk()`);
      try {
        await injection(world);
      } finally {
        await sql`DROP TRIGGER full_disk ON outbox`;
      }
    });

const readiness = async (world: FaultWorld): Promise<string> => {
  const response = await fetch(`${edge(world).url}/readyz`);
  const { status } = (await response.json()) as { status: string };
  return `${response.status} ${status}`;
};

const readyAs =
  (expected: string): Injection =>
  async (world) =>
    void (await eventually(`the edge is ${expected}`, async () => (await readiness(world)) === expected, 15_000));

/** Every answer, four a second for so long, is this one. */
const staysReadyAs =
  (expected: string, ms: number): Injection =>
  async (world) => {
    const answers: string[] = [];
    for (const until = performance.now() + ms; performance.now() < until; await world.sleep(250))
      answers.push(await readiness(world));
    const others = answers.filter((answer) => answer !== expected);
    if (others.length > 0)
      throw new Error(`/readyz was not ${expected} in ${others.length} of ${answers.length}: ${others}`);
  };

/** Neither does a client see anything else than what /readyz says. */
const withoutAccepted =
  (injection: Injection): Injection =>
  async (world) => {
    const accepted = world.producer.accepted();
    await injection(world);
    const more = world.producer.accepted() - accepted;
    if (more > 0) throw new Error(`${more} events were accepted`);
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
    id: "F66",
    fault: "Postgres's disk is full, then Redis is frozen as well for 8 s: /readyz is degraded, then down all the time",
    quick: true,
    during: "either",
    run: inTurn(
      whileDiskIsFull(
        inTurn(
          readyAs("200 degraded"),
          staysReadyAs("200 degraded", 3_000),
          whileFrozen(redis, inTurn(pause(2_000), withoutAccepted(staysReadyAs("503 down", 6_000)))),
        ),
      ),
      readyAs("200 up"),
    ),
  },
  {
    id: "F66b",
    fault: "Redis frozen and the outbox at its limit for 6 s: 429, and /readyz is down all the time",
    during: "either",
    edgeEnv: { OUTBOX_EVENTS_MAX: "300" },
    run: inTurn(
      whileFrozen(redis, inTurn(pause(4_000), withoutAccepted(staysReadyAs("503 down", 6_000)))),
      readyAs("200 up"),
    ),
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
          // The drain may have taken all that there was at this moment.
          await eventually("a row to copy", async () => {
            const rows = await transaction`
              INSERT INTO outbox (shard, chunk, events, bytes) SELECT shard, chunk, events, bytes FROM outbox LIMIT 1 RETURNING id`;
            return rows.length === 1;
          });
          await world.sleep(1_000);
          world.proxies.edgeToRedis.set({ kind: "pass" });
          await world.sleep(4_000);
        }),
      );
    },
  },
];
