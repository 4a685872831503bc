import { systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { type Environment, isUpstash } from "@spillway/service";
import type { OpenShell, Shell } from "@spillway/service/process";
import { createRestTransport } from "@spillway/stream/tier";
import { openTraces } from "@spillway/telemetry/open-traces";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { compose } from "./compose.ts";
import { type Config, readConfig } from "./config.ts";
import type { Fetch } from "./fleet/whole.ts";
import type { RedisWay } from "./redis-setting.ts";

/** What requests in hand may take when the edge stops; a body that comes slower is cut, and was not answered. */
const CLOSE_MS = 5_000;
/** How much longer than a body may take a connection is kept on which nothing happens. */
const IDLE_MARGIN_SECONDS = 10;

/** Connects to nothing before the first command. What only TCP needs is loaded for it alone. */
const openRedis = async (way: RedisWay) => {
  if (way.over === "http")
    return { transport: createRestTransport({ ...way, isHosted: isUpstash(way.url) }), close: () => undefined };
  const { connectRedis } = await import("@spillway/stream");
  return connectRedis({ url: way.url, isHosted: isUpstash(way.url), connectionName: "spillway-edge" });
};

/** What a runtime has that can share a port between processes. */
export type Fleet = {
  /** Null: this process is the one that starts them, if there are to be any. */
  readonly member: number | null;
  /** Runs them, and ends this process with them. */
  run(shell: Shell<Config>): Promise<never>;
  /** Answers for all of them what is asked of one. */
  answering(own: Fetch): Fetch;
  /** Takes requests, and what the others ask, from now on. */
  open(own: Fetch): void;
};

export type ProcessRuntime = {
  readonly openShell: OpenShell;
  readonly env: Environment;
  readonly collectGarbage?: () => void;
  /** Absent where processes cannot share a port. */
  readonly fleet?: Fleet;
};

/** The edge as a process, from its settings to its end: the same under Bun, Node and Deno. */
export const runProcess = async ({ openShell, env, collectGarbage, fleet }: ProcessRuntime): Promise<never> => {
  const member = fleet?.member ?? null;
  const shell = openShell(member === null ? "edge" : `edge.${member}`, () => readConfig(env, platform));
  const { config, log } = shell;
  if (config.EDGE_PROCESSES > 1 && member === null)
    return fleet === undefined
      ? shell.refuse(`EDGE_PROCESSES: got ${config.EDGE_PROCESSES}; only under Bun more than 1 share a port`)
      : fleet.run(shell);
  const metrics = createPrometheusMetrics("edge");
  const tracing = await openTraces("edge", config.traces, metrics);
  const redis = await openRedis(config.redis);
  log("info", "redis.transport", { over: config.redis.over });
  const edge = compose(config, {
    redis: redis.transport,
    clock: systemClock,
    platform,
    log,
    metrics,
    traces: tracing.traces,
    nextTurn: (then) => void setImmediate(then),
    collectGarbage,
  });
  await edge.start(shell.stopping);
  const own: Fetch = (request) => edge.app.fetch(request);
  const server = await shell.serve({
    fetch: fleet === undefined ? own : fleet.answering(own),
    sharesPort: member !== null,
    posts: edge.posts,
    // Our own limits come first, in bytes and in time, so that the answer is ours.
    bodyBytesMax: Number.MAX_SAFE_INTEGER,
    idleSeconds: Math.ceil(config.BODY_TIMEOUT_MS / 1_000) + IDLE_MARGIN_SECONDS,
    refusesHosts: true,
  });
  fleet?.open(own);
  await shell.untilStopping();
  edge.stop();
  await systemClock.sleep(config.STOP_DELAY_MS, shell.hurrying);
  return shell.end(async () => {
    await server.stop();
    await edge.close();
    await tracing.close();
    redis.close();
  }, CLOSE_MS);
};
