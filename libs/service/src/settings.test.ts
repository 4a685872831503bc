import { describe, expect, test } from "vitest";
import { installationSettings, isLoopback, listenSettings, logLevel } from "./address.ts";
import { brokers } from "./kafka.ts";
import { postgresUrl } from "./postgres-url.ts";
import { password, secretText, token } from "./secret.ts";
import { oneOf, optional, withDefault } from "./setting.ts";
import { ConfigError, readSettings } from "./settings.ts";
import { httpUrl, redisUrls } from "./url.ts";

/** As libs/postgres/src/connection-url.ts answers. */
const readUrl = (url: string) =>
  !url.includes("nonsense")
    ? ({ kind: "usable" } as const)
    : ({ kind: "refused", reason: "nonsense is no parameter" } as const);

const settings = {
  ...listenSettings(3_000),
  ...installationSettings(),
  LOG_LEVEL: logLevel(),
  MODE: withDefault(oneOf("off", "on"), "off"),
  REST: optional(httpUrl()),
  REDIS: optional(redisUrls()),
  BROKERS: optional(brokers()),
  DATABASE: optional(postgresUrl(readUrl)),
  TOKEN: optional(token(16)),
  PASSWORD: optional(password(12)),
  SASL: optional(secretText("a password")),
};

const read = (environment: Readonly<Record<string, string | undefined>>) => readSettings(settings, environment);

const refusal = (environment: Readonly<Record<string, string>>): string => {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "accepted";
};

test("what is absent, or empty, has its default", () => {
  const empty = Object.fromEntries(Object.keys(settings).map((name) => [name, ""]));
  expect(read(empty).values).toEqual(read({}).values);
  expect(read({}).values).toMatchObject({
    HOST: "127.0.0.1",
    PORT: 3_000,
    SHARDS: 4,
    NAMESPACE: "spillway",
    MODE: "off",
  });
});

describe("a value is taken as it is meant", () => {
  test.each([
    ["PORT", "0", 0],
    ["NAMESPACE", "shop.prod:eu-1_a", "shop.prod:eu-1_a"],
    ["HOST", "::1", "::1"],
    ["HOST", "[::1]", "[::1]"],
    ["HOST", "edge-1.internal", "edge-1.internal"],
    ["HOST", "::ffff:10.0.0.1", "::ffff:10.0.0.1"],
    ["HOST", "10.0.0.1", "10.0.0.1"],
    ["HOST", "fe.ab", "fe.ab"],
    ["REST", "HTTPS://eu1.upstash.io/", "https://eu1.upstash.io"],
    ["REDIS", "rediss://:p%2Cw@a:1, rediss://:p%2Cw@b:2/0", ["rediss://:p%2Cw@a:1", "rediss://:p%2Cw@b:2/0"]],
    ["REDIS", "redis://shop:p%40w@[::1]:6379/2", ["redis://shop:p%40w@[::1]:6379/2"]],
    ["BROKERS", "kafka:9092, [::1]:9093,10.0.0.1:9094", ["kafka:9092", "[::1]:9093", "10.0.0.1:9094"]],
    ["DATABASE", "postgres://u:p@a:5432,b:5432/db", "postgres://u:p@a:5432,b:5432/db"],
    ["TOKEN", "a-token.of_16~b+/64==", "a-token.of_16~b+/64=="],
    ["PASSWORD", "korrekt Pferd Batterie ü", "korrekt Pferd Batterie ü"],
  ])("%s=%s", (name, text, value) => {
    expect(read({ [name]: text }).values).toMatchObject({ [name]: value });
  });
});

describe("a value that cannot work stops the start, by name, without the secret in it", () => {
  test.each([
    ["PORT", "1e3", '"1e3"; accepts an integer from 0 to 65535'],
    ["PORT", "0x10", '"0x10"; accepts an integer'],
    ["PORT", " 3000", '" 3000"; accepts an integer'],
    ["PORT", "-1", '"-1"; accepts an integer'],
    ["PORT", "65536", '"65536"; accepts an integer'],
    ["SHARDS", "0x10", '"0x10"; accepts an integer from 1 to 1024'],
    ["SHARDS", "4.0", '"4.0"; accepts an integer'],
    ["SHARDS", "٤", '"٤"; accepts an integer'],
    ["NAMESPACE", "a{b}", '"a{b}"; accepts 1 to 64 of letters'],
    ["HOST", "http://x", '"http://x"; accepts a host name'],
    ["HOST", "a/b", '"a/b"; accepts a host name'],
    ["HOST", "-", '"-"; accepts a host name'],
    ["HOST", "999.1.1.1", '"999.1.1.1", which is no IPv4 address; accepts'],
    ["HOST", "1.2.3", '"1.2.3", which is no IPv4 address; accepts'],
    ["HOST", "::1%lo", '"::1%lo", with a zone, with which the runtime cannot listen; accepts'],
    ["HOST", "[::", '"[::", which is no IPv6 address; accepts'],
    ["HOST", "::1]", '"::1]", which is no IPv6 address; accepts'],
    ["HOST", "1:2", '"1:2", which is no IPv6 address; accepts'],
    ["REST", "http://h:0/x", '"http://h:0/x", whose port is 0, at which nothing listens; accepts'],
    ["REDIS", "redis://:hunter2@h:0/1", "whose port is 0, at which nothing listens; accepts"],
    ["REDIS", "redis://a:1,redis://b:00", "whose port is 0, at which nothing listens; accepts"],
    ["LOG_LEVEL", "verbose", '"verbose"; accepts debug, info, warn or error'],
    ["MODE", "yes", '"yes"; accepts off or on'],
    ["REST", "redis://default:hunter2@h:1", '"redis://***@h:1"; accepts an http or https URL'],
    ["REST", "http:h", "a value of 6 characters; accepts an http"],
    ["REST", "https://h?x=1", '"https://h?***", with a query, behind which no path can follow; accepts'],
    ["REDIS", "redis://:hunter2@h/x", "whose path is no number of a database"],
    ["REDIS", "redis://:hunter2%zz@h", "whose user or password has a % that is no code"],
    ["REDIS", "redis://a:1/2,redis://b:2/2", "where a Redis Cluster has no databases with numbers"],
    ["REDIS", "redis://h?db=2", '"redis://h?***", with a query, which nobody reads; accepts'],
    ["BROKERS", "SASL_SSL://kafka:9092", "with a scheme, which KAFKA_TLS"],
    ["BROKERS", "kafka+ssl://a:9096,kafka+ssl://b:9096", "with a scheme"],
    ["BROKERS", "u:hunter2@kafka:9092", "with a user, which KAFKA_SASL_USERNAME says instead"],
    ["BROKERS", "kafka", '"kafka"; accepts host:port'],
    ["BROKERS", "::1:9092", '"::1:9092"; accepts host:port, several separated by commas, an IPv6'],
    ["BROKERS", "[::1]", '"[::1]"; accepts host:port'],
    ["BROKERS", "kafka:65536", '"kafka:65536"; accepts host:port'],
    ["REDIS", "redis://a:1,", '"redis://a:1,"; accepts'],
    ["REDIS", "redis://:hunter2/x@h:1", '"redis://***@h:1"; accepts a redis'],
    ["DATABASE", "mysql://u:hunter2@h/x", '"mysql://***@h/x"; accepts a URL as postgres://'],
    ["DATABASE", "postgres://u:hunter2@h/x?nonsense=1", '"postgres://***@h/x?***", nonsense is no parameter; accepts'],
    ["DATABASE", "hunter2", "a value of 7 characters; accepts"],
    ["TOKEN", "hunter2", "a value of 7 characters; accepts 16 to 512 characters: letters"],
    ["TOKEN", "hunter2 with a space", "a value of 20 characters; accepts"],
    ["TOKEN", '"hunter2-in-quotes"', "a value of 19 characters; accepts"],
    ["TOKEN", `\${hunter2-unfilled}`, "a value of 19 characters; accepts"],
    ["TOKEN", "hunter2-schlüssel", "a value of 17 characters; accepts"],
    ["TOKEN", `hunter2${"x".repeat(506)}`, "a value of 513 characters; accepts"],
    ["PASSWORD", "hunter2\nhunter2", "a value of 15 characters; accepts 12 to 256 characters"],
    ["PASSWORD", "hunter2", "a value of 7 characters"],
  ])("%s=%s", (name, text, sentence) => {
    expect(refusal({ [name]: text })).toMatch(new RegExp(`^${name}: got `));
    expect(refusal({ [name]: text })).toContain(sentence);
    expect(refusal({ [name]: text })).not.toContain("hunter2");
  });

  test("all at once, a line each, and none of them long", () => {
    const lines = refusal({ PORT: "x".repeat(10_000), SHARDS: "y" }).split("\n");
    expect(lines).toHaveLength(2);
    expect(lines.every((line) => line.length < 300)).toBe(true);
  });

  test("a variable that must be set is named", () => {
    expect(() => readSettings({ REST: httpUrl() }, { REST: "" })).toThrow(
      "REST: got nothing; accepts an http or https URL",
    );
  });
});

test("the log shows what is configured and no secret", () => {
  const { shown } = read({
    REST: "http://u:hunter2@h/x",
    REDIS: "redis://:hunter2@a:1,redis://:hunter2@b:2",
    DATABASE: "postgres://u:hunter2@h/db?password=hunter2",
    TOKEN: "hunter2-hunter2-hunter2",
    PORT: "80",
    SASL: "hunter2",
  });
  expect(JSON.stringify(shown)).not.toContain("hunter2");
  expect(shown).toMatchObject({
    PORT: 80,
    SHARDS: 4,
    TOKEN: "configured",
    PASSWORD: "absent",
    SASL: "configured",
    REST: "http://***@h/x",
  });
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["localhost", true],
  ["LOCALHOST", true],
  ["::1", true],
  ["[::1]", true],
  ["10.0.0.1", false],
  ["127.0.0.1.example", false],
  ["localhost.example", false],
])("%s is loopback: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
