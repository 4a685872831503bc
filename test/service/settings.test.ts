import { readConfig as readDashboard } from "@spillway/dashboard/config.ts";
import { readConfig as readEdge } from "@spillway/edge/config.ts";
import { platform } from "@spillway/event/platform-node";
import { readConfig as readRelay } from "@spillway/relay/config.ts";
import { ConfigError } from "@spillway/service";
import { describe, expect, test } from "vitest";

/* Three apps, one environment, one set of rules. */
type Environment = Readonly<Record<string, string>>;
type Read = (environment: Environment) => { readonly shown: Readonly<Record<string, string | number>> };

const PW = "hunter2";
const base: Environment = {
  API_KEYS: "shop:sixteen-characters",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:8079",
  UPSTASH_REDIS_REST_TOKEN: "t",
  REDIS_URL: "redis://127.0.0.1:6379",
  DATABASE_URL: "postgres://u@127.0.0.1/db",
  EDGE_URL: "http://127.0.0.1:3000",
  KAFKA_BROKERS: "127.0.0.1:9092",
  DASHBOARD_PASSWORD: "twelve characters",
};

const apps: readonly (readonly [name: string, read: Read, knows: readonly string[]])[] = [
  ["edge", (env) => readEdge(env, platform), ["UPSTASH_REDIS_REST_URL", "METRICS_TOKEN"]],
  ["relay", (env) => readRelay(env, () => ""), ["REDIS_URL", "METRICS_TOKEN"]],
  ["dashboard", readDashboard, ["REDIS_URL", "EDGE_URL"]],
];
const everywhere = ["HOST", "PORT", "ENVIRONMENT", "LOG_LEVEL", "NAMESPACE", "SHARDS", "DATABASE_URL"];

/** "accepted", or the sentences of the refusal. */
const outcome = (read: Read, environment: Environment): string => {
  try {
    read({ ...base, ...environment });
    return "accepted";
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

/** What the apps that know the variable make of it. */
const outcomes = (name: string, text: string): readonly string[] =>
  apps
    .filter(([, , knows]) => everywhere.includes(name) || knows.includes(name))
    .map(([, read]) => outcome(read, { [name]: text }));

describe("every app that knows a variable", () => {
  test.each([
    ["PORT", ""],
    ["PORT", "0"],
    ["SHARDS", ""],
    ["SHARDS", "1024"],
    ["HOST", "::1"],
    ["NAMESPACE", "shop.prod"],
    ["NAMESPACE", "a:b"],
    ["LOG_LEVEL", ""],
    ["DATABASE_URL", `postgres://u:${PW}@a:5432,b:5432/db`],
    ["DATABASE_URL", `postgresql://u:${PW}@[::1]:5432/db`],
    ["DATABASE_URL", `postgres://u:${PW}@a/b?sslmode=require&channel_binding=require`],
    ["DATABASE_URL", `postgres://u:${PW}@a:6543/b?pgbouncer=true&connection_limit=1`],
    ["REDIS_URL", `rediss://:${PW}@a:1/0, rediss://:${PW}@b:2/0`],
    ["METRICS_TOKEN", ""],
    ["METRICS_TOKEN", "a-token.of_16~b+/64=="],
  ])("takes %s=%j", (name, text) => {
    expect(new Set(outcomes(name, text))).toEqual(new Set(["accepted"]));
  });

  test.each([
    ["PORT", "1e3"],
    ["PORT", "0x10"],
    ["PORT", "-0"],
    ["PORT", "3000 "],
    ["PORT", "65536"],
    ["SHARDS", "0x10"],
    ["SHARDS", "4.0"],
    ["SHARDS", "1e1"],
    ["SHARDS", "0"],
    ["HOST", "a b"],
    ["HOST", "http://a"],
    ["ENVIRONMENT", "Production"],
    ["LOG_LEVEL", "trace"],
    ["NAMESPACE", "a{b}"],
    ["DATABASE_URL", PW],
    ["DATABASE_URL", `mysql://u:${PW}@a/b`],
    ["DATABASE_URL", `postgres://u:${PW}/x@a:port/b`],
    ["DATABASE_URL", `postgres://u:${PW}@a/b?nonsense=1`],
    ["DATABASE_URL", `postgres://u:${PW}@a/b?sslmode=sometimes`],
    ["REDIS_URL", `http://u:${PW}@a`],
    ["REDIS_URL", `redis://a:1,redis://default:${PW}`],
    ["UPSTASH_REDIS_REST_URL", `redis://default:${PW}@a:6379`],
    ["UPSTASH_REDIS_REST_URL", `rediss://default:${PW}@a:6379`],
    ["EDGE_URL", `redis://default:${PW}`],
    ["METRICS_TOKEN", `${PW}-short`],
    ["METRICS_TOKEN", `${PW} and a space`],
    ["METRICS_TOKEN", `"${PW}-in-quotes"`],
    ["METRICS_TOKEN", `${PW}-schlüssel-umlaut`],
    ["METRICS_TOKEN", `${PW}${"x".repeat(600)}`],
  ])("refuses %s=%.60j in the same one sentence, without a secret", (name, text) => {
    const [first = "", ...others] = outcomes(name, text);
    expect(first).toMatch(new RegExp(`^${name}: got .{1,250}; accepts [^\\n]+$`));
    expect(first).not.toContain(PW);
    expect(new Set(others)).toEqual(new Set(others.length === 0 ? [] : [first]));
  });

  test("names all that is missing, a sentence each", () => {
    for (const [, read] of apps) {
      try {
        read({});
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        for (const line of (error as ConfigError).message.split("\n"))
          expect(line).toMatch(/^\w+: got nothing; accepts /);
        continue;
      }
      expect.unreachable();
    }
  });

  test("shows in its log line what holds no secret", () => {
    const secrets = {
      API_KEYS: `shop:${PW}-and-more-characters`,
      UPSTASH_REDIS_REST_URL: `http://u:${PW}@a/`,
      UPSTASH_REDIS_REST_TOKEN: PW,
      REDIS_URL: `redis://:${PW}@a:1,redis://:${PW}@b:1`,
      DATABASE_URL: `postgres://u:${PW}@a:1,b:2/db`,
      EDGE_URL: `http://u:${PW}@a`,
      METRICS_TOKEN: `${PW}-and-more-characters`,
      DASHBOARD_PASSWORD: `${PW}-and-more-characters`,
      KAFKA_SASL_MECHANISM: "plain",
      KAFKA_SASL_USERNAME: "u",
      KAFKA_SASL_PASSWORD: PW,
    };
    for (const [, read] of apps) {
      const { shown } = read({ ...base, ...secrets });
      expect(JSON.stringify(shown)).not.toContain(PW);
      expect(shown).toMatchObject({
        SHARDS: 4,
        NAMESPACE: "spillway",
        DATABASE_URL: expect.stringContaining("@a:1,b:2"),
      });
    }
  });
});
