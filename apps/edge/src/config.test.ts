import { platform } from "@spillway/event/platform-node";
import { ConfigError } from "@spillway/service";
import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const SECRET = "a-secret-of-the-tests";
const env = {
  API_KEYS: `shop:${SECRET}`,
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:8079",
  UPSTASH_REDIS_REST_TOKEN: `${SECRET}-token`,
  DATABASE_URL: `postgres://user:${SECRET}@127.0.0.1:5432/spillway`,
};

const withoutRest = { UPSTASH_REDIS_REST_URL: undefined, UPSTASH_REDIS_REST_TOKEN: undefined };

const refusal = (change: Readonly<Record<string, string | undefined>>): string => {
  try {
    readConfig({ ...env, ...change }, platform);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "accepted";
};

describe("the configuration", () => {
  test("has a default for all that is not a secret or an address", () => {
    const config = readConfig(env, platform);
    expect(config).toMatchObject({ PORT: 3000, SHARDS: 4, NAMESPACE: "spillway", EVENT_BYTES_MAX: 1_048_576 });
    expect(config.apiKeys.map(({ name }) => name)).toEqual(["shop"]);
  });

  test.each([
    [{}, 256],
    [{ UPSTASH_REDIS_REST_URL: "https://eu1-calm-cod-1.upstash.io" }, 64],
    [{ ...withoutRest, REDIS_URL: "rediss://default:secret@eu1-calm-cod-1.upstash.io:6379" }, 64],
    [{ UPSTASH_REDIS_REST_URL: "https://upstash.io.example.org" }, 256],
    [
      { UPSTASH_REDIS_REST_URL: "https://eu1-calm-cod-1.upstash.io", BACKLOG_BYTES_MAX: String(512 * 1024 * 1024) },
      512,
    ],
  ])("a shard's backlog with %j is %i MiB: a record of Upstash's is 100 MB at the most", (change, mib) => {
    expect(readConfig({ ...env, ...change }, platform).BACKLOG_BYTES_MAX).toBe(mib * 1024 * 1024);
  });

  test("takes an empty variable as absent", () => {
    expect(readConfig({ ...env, PORT: "" }, platform).PORT).toBe(3000);
  });

  test.each([
    [{ PORT: "http" }, 'PORT: got "http"; accepts an integer from 0 to 65535'],
    [{ PORT: "65536" }, 'PORT: got "65536"; accepts an integer from 0 to 65535'],
    [{ SHARDS: "0" }, 'SHARDS: got "0"; accepts an integer from 1 to 1024'],
    [{ SHARDS: "4.5" }, 'SHARDS: got "4.5"; accepts an integer from 1 to 1024'],
    [{ ENVIRONMENT: "test" }, 'ENVIRONMENT: got "test"; accepts development or production'],
    [
      { UPSTASH_REDIS_REST_URL: undefined },
      "UPSTASH_REDIS_REST_URL: got nothing; accepts an http or https URL with its token, or REDIS_URL in the place of both",
    ],
    [{ UPSTASH_REDIS_REST_TOKEN: undefined }, "UPSTASH_REDIS_REST_TOKEN: got nothing; UPSTASH_REDIS_REST_URL needs it"],
    [{ REDIS_URL: "http://x" }, 'REDIS_URL: got "http://x"; accepts a redis: or rediss: URL'],
    [{ UPSTASH_REDIS_REST_URL: "redis://x" }, 'UPSTASH_REDIS_REST_URL: got "redis://x"; accepts an http or https URL'],
    [{ NAMESPACE: "a{b}" }, 'NAMESPACE: got "a{b}"; accepts 1 to 64 of letters, digits and _ . : -'],
    [{ STREAM_DEADLINE_MS: "900" }, 'STREAM_DEADLINE_MS: got "900"; accepts an integer from 100 to 400'],
    [{ EVENT_BYTES_MAX: "8388608" }, "EVENT_BYTES_MAX: got 8388608; accepts at most BODY_BYTES_MAX, 4194304"],
    [{ DURABILITY_ROUTES: "payment." }, "DURABILITY_ROUTES: entry 1 does not begin with the beginning of a type and ="],
    [
      { API_KEY_DURABILITY: "till=both" },
      "API_KEY_DURABILITY: entry 1 begins with a name that no key of API_KEYS or PUBLISHABLE_KEYS has",
    ],
    [
      { BODY_BYTES_MAX: "16777216" },
      "BODIES_BYTES_MAX: got 67108864; accepts at least 6 times BODY_BYTES_MAX, 100663296",
    ],
    [
      { API_KEYS: "" },
      "API_KEYS: got nothing; accepts that only where ENVIRONMENT is development and HOST a loopback address",
    ],
    [{ API_KEYS: "", ENVIRONMENT: "development", HOST: "10.0.0.1" }, "API_KEYS: got nothing; accepts that only"],
    [{ API_KEYS: "short" }, "API_KEYS: entry 1 has a key of less than 16 characters"],
    [
      { API_KEY_SOURCES: "shop=/shop,evil=/evil" },
      "API_KEY_SOURCES: entry 2 begins with a name that no key of API_KEYS or PUBLISHABLE_KEYS",
    ],
    [
      { API_KEY_QUOTAS: "shop=10/s,evil=1/s" },
      "API_KEY_QUOTAS: entry 2 begins with a name that no key of API_KEYS or PUBLISHABLE_KEYS",
    ],
    [{ API_KEY_SOURCES: "shop", API_KEY_QUOTAS: "shop=5mb/s" }, "API_KEY_QUOTAS: entry 1 has a rate that is not"],
    [{ API_KEYS: "", ENVIRONMENT: "development", API_KEY_SOURCES: "shop=/shop" }, "API_KEY_SOURCES: entry 1 begins"],
  ])("refuses %j", (change, message) => {
    expect(refusal(change)).toContain(message);
  });

  test.each([
    [{}, { over: "http", url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN }],
    // As in an environment that all apps share, where REDIS_URL is the relay's.
    [{ REDIS_URL: "redis://127.0.0.1" }, { over: "http" }],
    [
      { ...withoutRest, REDIS_URL: "redis://127.0.0.1:6379/7" },
      { over: "tcp", url: "redis://127.0.0.1:6379/7" },
    ],
    [
      { ...withoutRest, REDIS_URL: "rediss://a, rediss://b" },
      { over: "tcp", url: "rediss://a,rediss://b" },
    ],
  ])("with %j reaches Redis by %j", (change, redis) => {
    expect(readConfig({ ...env, ...change }, platform).redis).toMatchObject(redis);
  });

  test("binds sources to keys", () => {
    const { apiKeySources } = readConfig({ ...env, API_KEY_SOURCES: "shop=/shop, shop=urn:shop:" }, platform);
    expect(apiKeySources.map(({ prefix }) => prefix)).toEqual(["/shop", "urn:shop:"]);
  });

  test("names every variable that is wrong, at once", () => {
    expect(refusal({ PORT: "x", SHARDS: "y" }).split("\n")).toHaveLength(2);
    const nothing = Object.fromEntries(Object.keys(env).map((name) => [name, undefined]));
    expect(
      refusal(nothing)
        .split("\n")
        .map((line) => line.split(":")[0]),
    ).toEqual(["API_KEYS", "UPSTASH_REDIS_REST_URL", "DATABASE_URL"]);
    expect(refusal({ API_KEYS: "short", PORT: "x" }).split("\n")).toHaveLength(2);
  });

  test("goes without keys on loopback in development", () => {
    expect(refusal({ API_KEYS: "", ENVIRONMENT: "development" })).toBe("accepted");
  });

  test.each([
    [{ ENVIRONMENT: "development" }, "open"],
    [{ ENVIRONMENT: "production" }, "closed"],
    [{ ENVIRONMENT: "development", HOST: "10.0.0.1" }, "closed"],
    [{ METRICS_TOKEN: "0123456789abcdef" }, { token: "0123456789abcdef" }],
    [{ ENVIRONMENT: "development", METRICS_TOKEN: "0123456789abcdef" }, { token: "0123456789abcdef" }],
  ])("with %j metrics are %j", (change, access) => {
    expect(readConfig({ ...env, ...change }, platform).metricsAccess).toEqual(access);
  });

  test("shows no secret, neither in a refusal nor in the log", () => {
    expect(refusal({ DATABASE_URL: SECRET })).toBe(
      `DATABASE_URL: got a value of ${SECRET.length} characters; accepts a URL as postgres://user:password@host:port/database`,
    );
    const urls = {
      UPSTASH_REDIS_REST_URL: `http://u:${SECRET}@127.0.0.1:8079`,
      REDIS_URL: `rediss://u:${SECRET}@127.0.0.1:6379`,
    };
    const { shown } = readConfig({ ...env, ...urls }, platform);
    expect(JSON.stringify(shown)).not.toContain(SECRET);
    expect(shown).toMatchObject({
      API_KEYS: "configured",
      METRICS_TOKEN: "absent",
      DATABASE_URL: "postgres://***@127.0.0.1:5432/spillway",
      UPSTASH_REDIS_REST_URL: "http://***@127.0.0.1:8079",
      REDIS_URL: "rediss://***@127.0.0.1:6379",
      PORT: 3000,
    });
  });
});

describe("where there is no bind, everybody is outside", () => {
  const open = { ...env, API_KEYS: "", ENVIRONMENT: "development", HOST: "127.0.0.1" };

  test("development without keys is refused, and there is no scrape", () => {
    expect(readConfig(open, platform)).toMatchObject({ apiKeys: [], metricsAccess: "open" });
    expect(() => readConfig(open, platform, "public")).toThrow("API_KEYS: got nothing");
    const keyed = { ...open, API_KEYS: `shop:${SECRET}` };
    expect(readConfig(keyed, platform, "public")).toMatchObject({ metricsAccess: "absent" });
  });

  test("a key has the length that it has in production", () => {
    expect(() => readConfig({ ...open, API_KEYS: "shop:short" }, platform, "public")).toThrow("API_KEYS: ");
  });

  test("Postgres gets four of the six connections that a Worker has", () => {
    expect(readConfig(env, platform, "public").DATABASE_CONNECTIONS_MAX).toBe(4);
    expect(() => readConfig({ ...env, DATABASE_CONNECTIONS_MAX: "5" }, platform, "public")).toThrow("from 2 to 4");
  });

  test("Redis is reached over HTTP, whatever REDIS_URL says", () => {
    const tcp = { ...env, ...withoutRest, REDIS_URL: "redis://127.0.0.1:6379" };
    expect(readConfig(tcp, platform).redis.over).toBe("tcp");
    expect(() => readConfig(tcp, platform, "public")).toThrow("UPSTASH_REDIS_REST_URL: got nothing");
  });

  const page = {
    PUBLISHABLE_KEYS: "web:pk_0123456789abcdef",
    API_KEY_ORIGINS: "web=https://shop.example",
    API_KEY_QUOTAS: "web=9/s",
  };

  test("reads what a page's key is bound to", () => {
    const config = readConfig({ ...env, ...page, CORS_ORIGINS: "https://intern.example" }, platform);
    expect(config.publishableKeys).toMatchObject([{ name: "web", origins: ["https://shop.example"] }]);
    expect(config.apiKeySources).toEqual([{ name: "web", prefix: "/web", isWhole: true }]);
    expect(config.corsOrigins).toEqual(["https://intern.example", "https://shop.example"]);
    const named = readConfig({ ...env, ...page, API_KEY_SOURCES: "web=/shop/web" }, platform);
    expect(named.apiKeySources).toEqual([{ name: "web", prefix: "/shop/web", isWhole: true }]);
    expect(JSON.stringify(config.shown)).not.toContain("pk_");
  });

  const notAnOrigin =
    "an origin as a browser sends it, https://shop.example or http://localhost:5173: no path, no slash, no pattern";
  test.each([
    [{ PUBLISHABLE_KEYS: "web:0123456789abcdef" }, "PUBLISHABLE_KEYS: entry 1 has a key that does not begin with pk_"],
    [
      { PUBLISHABLE_KEYS: `web:sha256:${"ab".repeat(32)}` },
      "PUBLISHABLE_KEYS: entry 1 has a key that does not begin with pk_",
    ],
    [{ PUBLISHABLE_KEYS: "web:pk_1" }, "PUBLISHABLE_KEYS: entry 1 has a key of less than 16 characters"],
    [
      { PUBLISHABLE_KEYS: "shop:pk_0123456789abcdef" },
      "PUBLISHABLE_KEYS: entry 1 has the name of a key of API_KEYS; each side needs its own",
    ],
    [
      { API_KEYS: "shop:pk_0123456789abcdeg" },
      "API_KEYS: entry 1 has a key that begins with pk_, as only those of PUBLISHABLE_KEYS do",
    ],
    [{ API_KEY_ORIGINS: "" }, "API_KEY_ORIGINS: got nothing of web; a publishable key needs an origin"],
    [
      { API_KEY_ORIGINS: "shop=https://shop.example" },
      "API_KEY_ORIGINS: entry 1 begins with a name that no key of PUBLISHABLE_KEYS has",
    ],
    [{ API_KEY_ORIGINS: "web=*" }, `API_KEY_ORIGINS: entry 1 has what is not ${notAnOrigin}`],
    [{ API_KEY_QUOTAS: "" }, "API_KEY_QUOTAS: got nothing of web; a publishable key needs a quota of events"],
    [{ API_KEY_QUOTAS: "web=9KB/s" }, "API_KEY_QUOTAS: got nothing of web; a publishable key needs a quota of events"],
    [{ API_KEY_SOURCES: "web=/a,web=/b" }, "API_KEY_SOURCES: got several of web; a publishable key has one source"],
  ])("refuses %j of pages", (change: Readonly<Record<string, string>>, message) => {
    expect(refusal({ ...page, ...change })).toContain(message);
    expect(refusal({ ...page, ...change })).not.toContain("0123456789abc");
  });

  test.each([
    "*",
    "https://*.example",
    "https://shop.example/",
    "https://Shop.example",
    "https://shop.example:443",
    "null",
    "shop.example",
  ])("refuses the origin %s", (origin) =>
    expect(refusal({ CORS_ORIGINS: origin })).toContain(`CORS_ORIGINS: entry 1 is not ${notAnOrigin}`),
  );
});
