import { eventually } from "@spillway/backends/eventually";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { withRedis } from "./redis.ts";
import { goesByTheOutbox } from "./weak-redis.ts";

const warned = (world: FaultWorld, kind: "edges" | "relays", warning: RegExp) =>
  eventually(
    `a warning of the ${kind}`,
    async () => warning.test(await (await fetch(`${world.pipeline[kind][0]?.url}/readyz`)).text()),
    20_000,
  );

const warnedOf = (setting: string, faulty: string, sound: string, warning: RegExp) => (world: FaultWorld) =>
  withRedis(world, async (redis) => {
    try {
      await redis.config("SET", setting, faulty);
      await warned(world, "edges", warning);
      await warned(world, "relays", warning);
      await goesByTheOutbox(world);
    } finally {
      await redis.config("SET", setting, sound);
    }
  });

/** A database's own setting is stronger than the server's command line, and counts from the next session on. */
const withNewSessions = async ({ pipeline }: FaultWorld, setting: string): Promise<void> => {
  await pipeline.sql.unsafe(`ALTER DATABASE ${pipeline.name} ${setting}`);
  await pipeline.sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datname = current_database()`;
};

/** Settings that would break a promise silently: the readiness page must name them. */
export const readinessScenarios: readonly Scenario[] = [
  {
    id: "F07",
    fault: "Redis may evict (maxmemory-policy allkeys-lru): /readyz says so, and events go by the outbox",
    during: "either",
    run: warnedOf("maxmemory-policy", "allkeys-lru", "noeviction", /noeviction|evict/i),
  },
  {
    id: "F08",
    fault: "Redis keeps no AOF (appendonly no): /readyz says so, and events go by the outbox",
    quick: true,
    during: "either",
    run: warnedOf("appendonly", "no", "yes", /appendonly/i),
  },
  {
    id: "F02",
    fault: "Redis syncs once a second (appendfsync everysec): /readyz says so, and events go by the outbox",
    during: "either",
    run: warnedOf("appendfsync", "everysec", "always", /appendfsync/i),
  },
  {
    id: "F30",
    fault: "Postgres commits without waiting for the disk (synchronous_commit off): /readyz says so",
    during: "either",
    run: async (world) => {
      await withNewSessions(world, "SET synchronous_commit = off");
      try {
        await warned(world, "edges", /synchronous_commit/);
      } finally {
        await withNewSessions(world, "RESET synchronous_commit");
      }
    },
  },
];
