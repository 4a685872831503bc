import { eventually } from "@spillway/backends/eventually";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { withRedis } from "./redis.ts";
import { goesByTheOutbox } from "./weak-redis.ts";

const warned = (world: FaultWorld, kind: "edges" | "relays", warning: RegExp, withinMs = 20_000) =>
  eventually(
    `a warning of the ${kind}`,
    async () => warning.test(await (await fetch(`${world.pipeline[kind][0]?.url}/readyz`)).text()),
    withinMs,
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

/** For two seconds no event goes by the outbox. */
const staysInTheStream = async ({ producer, sleep }: FaultWorld): Promise<void> => {
  const from = producer.accepted();
  await sleep(2_000);
  const news = [...producer.attempts.values()].filter(({ acceptedAt }) => acceptedAt > from);
  const elsewhere = news.filter(({ tier }) => tier === "outbox").length;
  if (news.length === 0 || elsewhere > 0) throw new Error(`${elsewhere} of ${news.length} events went by the outbox`);
};

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
    id: "F07b",
    fault: "Redis tells its settings to nobody (an ACL without CONFIG): it is relied on, and /readyz names it unknown",
    during: "answers",
    run: (world) =>
      withRedis(world, async (redis) => {
        await redis.call("ACL", "SETUSER", "default", "-config");
        try {
          await warned(world, "edges", /"state":"unknown"/);
          await staysInTheStream(world);
        } finally {
          await redis.call("ACL", "SETUSER", "default", "+@all");
        }
      }),
  },
  {
    id: "F08b",
    fault:
      "Redis keeps no AOF for 65 s: rows of the outbox wait, and the relay says so once they are older than a minute",
    during: "answers",
    run: (world) =>
      withRedis(world, async (redis) => {
        await redis.config("SET", "appendonly", "no");
        try {
          await goesByTheOutbox(world);
          await warned(world, "relays", /"code":"old_rows"/, 80_000);
        } finally {
          await redis.config("SET", "appendonly", "yes");
        }
      }),
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
