import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** A setting that the devstack cannot use. The message names the variable, what it holds and what it accepts. */
export class BadSetting extends Error {
  override readonly name = "BadSetting";
}

export const REPO_ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface DevstackConfig {
  /** Folder of everything the stack keeps; SPILLWAY_DIR, `.spillway` in the repository when not told. */
  readonly root: string;
  /** Services that somebody else runs; those that are absent are started here. */
  readonly redisUrl?: string;
  readonly redisRest?: { readonly url: string; readonly token: string };
  readonly databaseUrl?: string;
  readonly kafkaBrokers?: string;
  readonly kafkaTopic: string;
  /** Of the relay; none when not told: what arrives can then be read with any client, kafkajs knows gzip alone. */
  readonly kafkaCompression: string;
  /** Whether an app is started again when its sources change; SPILLWAY_WATCH, on when not told, off under npm start. */
  readonly watchesSources: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const schemeOf = (text: string) => (URL.canParse(text) ? new URL(text).protocol.slice(0, -1) : "no URL");

/** One URL, or those of a cluster's nodes with commas between. The scheme is shown, the rest may hold a password. */
function urlOf(environment: Environment, name: string, schemes: readonly string[]): string | undefined {
  const value = environment[name];
  if (!value) return undefined;
  const scheme = value
    .split(",")
    .map(schemeOf)
    .find((each) => !schemes.includes(each));
  if (scheme === undefined) return value;
  throw new BadSetting(`${name}: ${scheme} given, ${schemes.map((each) => `${each}://…`).join(" or ")} accepted`);
}

function redisRestOf(environment: Environment): DevstackConfig["redisRest"] {
  const url = urlOf(environment, "UPSTASH_REDIS_REST_URL", ["http", "https"]);
  if (!url) return undefined;
  const token = environment.UPSTASH_REDIS_REST_TOKEN;
  if (!token) throw new BadSetting("UPSTASH_REDIS_REST_TOKEN: none given, UPSTASH_REDIS_REST_URL needs its token");
  if (!environment.REDIS_URL) {
    throw new BadSetting("REDIS_URL: none given, UPSTASH_REDIS_REST_URL needs the same Redis's redis:// address");
  }
  return { url, token };
}

function brokersOf(environment: Environment): string | undefined {
  const value = environment.KAFKA_BROKERS;
  if (!value) return undefined;
  if (value.split(",").every((broker) => /^[^\s:,/]+:\d{1,5}$/.test(broker))) return value;
  throw new BadSetting(`KAFKA_BROKERS: "${value}" given, host:port,host:port accepted`);
}

/** Throws BadSetting. */
export function readConfig(environment: Environment = process.env): DevstackConfig {
  const kafkaTopic = environment.KAFKA_TOPIC || "spillway.events";
  if (!/^[\w.-]{1,249}$/.test(kafkaTopic)) {
    throw new BadSetting(`KAFKA_TOPIC: "${kafkaTopic}" given, 1 to 249 of letters, digits, ".", "_", "-" accepted`);
  }
  return {
    root: resolve(REPO_ROOT, environment.SPILLWAY_DIR || ".spillway"),
    redisUrl: urlOf(environment, "REDIS_URL", ["redis", "rediss"]),
    redisRest: redisRestOf(environment),
    databaseUrl: urlOf(environment, "DATABASE_URL", ["postgres", "postgresql"]),
    kafkaBrokers: brokersOf(environment),
    kafkaTopic,
    kafkaCompression: environment.KAFKA_COMPRESSION || "none",
    watchesSources: environment.SPILLWAY_WATCH !== "off",
  };
}

/** The environment of this process with `extra` laid over it: what a child of the devstack is given. */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) inherited[name] = value;
  }
  return { ...inherited, ...extra };
}

/** Folders of the executable search path, in order. */
export function searchPath(): string[] {
  return (process.env.PATH ?? "").split(":").filter((folder) => folder !== "");
}

export function javaHome(): string | undefined {
  return process.env.JAVA_HOME || undefined;
}

/** Where what was downloaded is kept between runs. */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME || `${process.env.HOME ?? "/tmp"}/.cache`;
  return `${base}/spillway`;
}
