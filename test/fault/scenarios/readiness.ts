import { Redis } from "ioredis";
import { eventually } from "../../support/eventually.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";

const readyz = async (world: FaultWorld, kind: "edges" | "relays"): Promise<string> =>
  (await fetch(`${world.pipeline[kind][0]?.url}/readyz`)).text();

const warnedOf = (setting: string, faulty: string, sound: string, warning: RegExp) => async (world: FaultWorld) => {
  const redis = new Redis(world.services.redis.url);
  try {
    await redis.config("SET", setting, faulty);
    await eventually("the edge's warning", async () => warning.test(await readyz(world, "edges")), 20_000);
    await eventually("the relay's warning", async () => warning.test(await readyz(world, "relays")), 20_000);
  } finally {
    await redis.config("SET", setting, sound);
    redis.disconnect();
  }
};

/** Settings that would break a promise silently: the readiness page must name them. */
export const readinessScenarios: readonly Scenario[] = [
  {
    id: "F07",
    fault: "Redis may evict (maxmemory-policy allkeys-lru): /readyz says so",
    during: "either",
    run: warnedOf("maxmemory-policy", "allkeys-lru", "noeviction", /noeviction|evict/i),
  },
  {
    id: "F08",
    fault: "Redis keeps no AOF (appendonly no): /readyz says so",
    quick: true,
    during: "either",
    run: warnedOf("appendonly", "no", "yes", /appendonly/i),
  },
  {
    id: "F02",
    fault: "Redis syncs once a second (appendfsync everysec): /readyz says so",
    during: "either",
    run: warnedOf("appendfsync", "everysec", "always", /appendfsync/i),
  },
  {
    id: "F30",
    fault: "Postgres commits without waiting for the disk (synchronous_commit off): /readyz says so",
    during: "either",
    run: async (world) => {
      await world.pipeline.sql`ALTER SYSTEM SET synchronous_commit = off`;
      await world.pipeline.sql`SELECT pg_reload_conf()`;
      try {
        await eventually(
          "the edge's warning",
          async () => /synchronous_commit/.test(await readyz(world, "edges")),
          20_000,
        );
      } finally {
        await world.pipeline.sql`ALTER SYSTEM RESET synchronous_commit`;
        await world.pipeline.sql`SELECT pg_reload_conf()`;
      }
    },
  },
];
