import { integerOr, matching, ok, oneOf, refused, type Setting, withDefault } from "./setting.ts";
import type { Environment } from "./settings.ts";

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether nobody but this machine can reach it. A proxy on this machine may still publish it. */
export const isLoopback = (host: string): boolean => loopback.test(host);

/** A URL knows every short form (`1.2.3`) and writes the whole one. */
const isIpv4 = (text: string): boolean =>
  URL.canParse(`http://${text}/`) && new URL(`http://${text}/`).hostname === text;

/** What Bun makes of others is an EINPROGRESS or an ERR_INVALID_ARG_TYPE, which say nothing to an operator. */
const host: Setting<string> = {
  accepts: "a host name or address to bind to",
  shown: "text",
  read: (text) => {
    if (/^\[?[0-9a-f]*:[0-9a-f:.]*%/i.test(text)) return refused("with a zone, with which the runtime cannot listen");
    if (/^[[\]0-9a-f:.]*:[[\]0-9a-f:.]*$/i.test(text)) {
      const address = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
      return URL.canParse(`http://[${address}]/`) ? ok(text) : refused("which is no IPv6 address");
    }
    if (/^[\d.]+$/.test(text)) return isIpv4(text) ? ok(text) : refused("which is no IPv4 address");
    return /^(?!-)[\w.-]{1,253}$/.test(text) ? ok(text) : refused();
  },
};

/** Where an app listens. */
export const listenSettings = (port: number) => ({
  HOST: withDefault(host, "127.0.0.1"),
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

/** Over HTTP or over TCP, by its name. */
export const isUpstash = (url: string | undefined): boolean =>
  url !== undefined && URL.canParse(url) && new URL(url).hostname.endsWith(".upstash.io");

/**
 * What differs where Redis is Upstash: a record there may be 100 MB, and the stream of a shard is one. 64 MiB, counted in base64, are 80 MiB with
 * what a stream adds; beyond that limit events overflow into the outbox by our own count and not by a refusal.
 */
export const hostedShardLimitSettings = (env: Environment) =>
  isUpstash(env.UPSTASH_REDIS_REST_URL) || isUpstash(env.REDIS_URL)
    ? { BACKLOG_BYTES_MAX: integerOr(1_024, 1_024 * 1_024 * MiB, 64 * MiB) }
    : {};

/** How much a shard of the stream remembers and holds; edge and relay append to it by the same limits. */
export const shardLimitSettings = () => ({
  DEDUP_WINDOW_SECONDS: integerOr(1, 30 * 86_400, 3_600),
  BACKLOG_EVENTS_MAX: integerOr(1, 1_000_000_000, 1_000_000),
  BACKLOG_BYTES_MAX: integerOr(1_024, 1_024 * 1_024 * MiB, 256 * MiB),
});
