import { integerOr, matching, oneOf, type Setting, withDefault } from "./setting.ts";

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether nobody but this machine can reach it. A proxy on this machine may still publish it. */
export const isLoopback = (host: string): boolean => loopback.test(host);

/** Where an app listens. */
export const listenSettings = (port: number) => ({
  HOST: withDefault(
    matching(/^([\w.-]{1,253}|\[?[0-9a-f:.]{2,45}(%\w+)?\]?)$/i, "a host name or address to bind to"),
    "127.0.0.1",
  ),
  PORT: integerOr(0, 65_535, port),
});

/** What Redis and Postgres are shared by: the same everywhere. */
export const installationSettings = () => ({
  NAMESPACE: withDefault(matching(/^[\w.:-]{1,64}$/, "1 to 64 of letters, digits and _ . : -"), "spillway"),
  SHARDS: integerOr(1, 1_024, 4),
});

export const logLevel = (): Setting<"debug" | "info" | "warn" | "error"> =>
  withDefault(oneOf("debug", "info", "warn", "error"), "info");

export const environmentSetting = (): Setting<"development" | "production"> =>
  withDefault(oneOf("development", "production"), "production");

const MiB = 1024 * 1024;

/** How much a shard of the stream remembers and holds; edge and relay append to it by the same limits. */
export const shardLimitSettings = () => ({
  DEDUP_WINDOW_SECONDS: integerOr(1, 30 * 86_400, 3_600),
  BACKLOG_EVENTS_MAX: integerOr(1, 1_000_000_000, 1_000_000),
  BACKLOG_BYTES_MAX: integerOr(1_024, 1_024 * 1_024 * MiB, 256 * MiB),
});
