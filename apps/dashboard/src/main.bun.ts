import { createDeadLetterInspector, createDiscard, createReplay, openDatabase } from "@spillway/dead-letters";
import { systemClock, Unavailable } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createOutboxInspector } from "@spillway/outbox";
import { connectRedis, createStreamInspection, type ShardInspection } from "@spillway/stream";
import { createLog } from "@spillway/telemetry";
import { createApp } from "./app.tsx";
import css from "./assets/app.css" with { type: "text" };
import script from "./assets/live.js" with { type: "text" };
import { askBreakers } from "./breakers.ts";
import { readConfig } from "./config.ts";
import type { DashboardPorts, ShardRow } from "./ports.ts";

/* The dashboard on Bun: settings, then what it looks at, then the app. */
const ASK_MS = 2_000;
const PAGE_ROWS = 50;
const ACTOR = { by: "dashboard" };

const config = readConfig(process.env);
const log = createLog("dashboard", config.LOG_LEVEL, (line) => void process.stdout.write(line));
const database = openDatabase({ url: config.DATABASE_URL });
const stream = createStreamInspection(
  connectRedis({ url: config.REDIS_URL, connectionName: "dashboard" }),
  config.NAMESPACE,
);
const outbox = createOutboxInspector({ database });
const letters = createDeadLetterInspector({ database });
const replay = createReplay({ database, shards: config.SHARDS, platform });
const { discard } = createDiscard({ database });

/** What cannot be read now is null on the page. */
const orNull = <T>(answer: Promise<T>): Promise<T | null> =>
  answer.catch((error: unknown) => {
    if (error instanceof Unavailable) return null;
    throw error;
  });

const shardRow = (inspection: ShardInspection): ShardRow => {
  if (inspection.kind === "unknown") return { shard: inspection.shard, known: null };
  const { view } = inspection;
  return { shard: view.shard, known: { ...view, owner: view.lease?.owner ?? null } };
};

const refusalsOf = (refused: readonly { readonly detail: string }[]) => refused.map(({ detail }) => detail);

const ports: DashboardPorts = {
  shards: () =>
    Promise.all(Array.from({ length: config.SHARDS }, async (_, shard) => shardRow(await stream.shard(shard)))),
  outbox: () => orNull(outbox.shards(ASK_MS)),
  breakers: () => askBreakers(config.EDGE_URL),
  unaccounted: async () => {
    const checkpoints = await orNull(outbox.checkpoints(ASK_MS));
    return checkpoints?.reduce((sum, { unaccounted }) => sum + unaccounted, 0) ?? null;
  },
  totals: () => orNull(letters.counts()),
  letters: (before) => orNull(letters.page({ status: "waiting" }, before, PAGE_ROWS)),
  replay: async (id) => {
    const { replayed, refused } = await replay([id], ACTOR);
    return { done: replayed.length, refusals: refusalsOf(refused) };
  },
  discard: async (id, reason) => {
    const { discarded, refused } = await discard([id], { ...ACTOR, reason });
    return { done: discarded.length, refusals: refusalsOf(refused) };
  },
  clock: systemClock,
  platform,
  randomToken: () => Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url"),
  log,
};

const app = createApp(ports, {
  password: config.DASHBOARD_PASSWORD,
  https: config.ENVIRONMENT === "production",
  assets: { css, script },
});
const server = Bun.serve({
  hostname: config.HOST,
  port: config.PORT,
  development: false,
  // Outside of development Bun would share the port with a second dashboard that was started by mistake.
  reusePort: false,
  fetch: app.fetch,
});
log("info", "dashboard.ready", { host: config.HOST, port: server.port ?? config.PORT });

const stop = async () => {
  await server.stop();
  process.exit(0);
};
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
