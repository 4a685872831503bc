import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { type Environment, showDependencies } from "@spillway/service";
import type { OpenShell } from "@spillway/service/process";
import { openTraces } from "@spillway/telemetry/open-traces";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { createApp } from "./app.ts";
import { compose } from "./compose.ts";
import { readConfig } from "./config.ts";

export type ProcessRuntime = { readonly openShell: OpenShell; readonly env: Environment };

/** The relay as a process, from its settings to its end: the same under Bun and Node. */
export const runProcess = async ({ openShell, env }: ProcessRuntime): Promise<never> => {
  const shell = openShell("relay", () => {
    const read = readConfig(env, (path) => readFileSync(path, "utf8"));
    const owner = read.RELAY_ID ?? `${hostname().replace(/[^\x21-\x7e]/g, "-")}-${crypto.randomUUID().slice(0, 8)}`;
    return { ...read, owner, shown: { ...read.shown, RELAY_ID: owner } };
  });
  const { config, log, stopping } = shell;
  const metrics = createPrometheusMetrics("relay", { exemplars: config.traces !== null });
  const tracing = await openTraces("relay", config.traces, metrics);
  const relay = compose(config, { clock: systemClock, platform, log, metrics, traces: tracing.traces });
  const { health } = relay;
  showDependencies(metrics, health.readiness);
  const app = createApp({ health, metrics, platform }, config.metricsAccess);
  const server = await shell.serve({ fetch: (request) => app.fetch(request) });
  stopping.addEventListener("abort", health.stop);
  await relay.run(stopping);
  return shell.end(() => Promise.allSettled([relay.close(), server.stop(), tracing.close()]));
};
