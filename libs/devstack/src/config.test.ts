import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const refusal = (environment: Record<string, string>) => {
  try {
    readConfig(environment);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "accepted";
};

test("an empty environment starts everything", () => {
  const config = readConfig({ REDIS_URL: "", DATABASE_URL: "" });
  expect(config).toMatchObject({ kafkaTopic: "spillway.events" });
  expect(config.root).toMatch(/\/\.spillway$/);
  expect([config.redisUrl, config.redisRest, config.databaseUrl, config.kafkaBrokers]).toEqual(
    Array(4).fill(undefined),
  );
});

test("a URL that is set is used", () => {
  const urls = {
    REDIS_URL: "redis://127.0.0.1:7000,redis://127.0.0.1:7001",
    DATABASE_URL: "postgresql://127.0.0.1/x",
    KAFKA_BROKERS: "a:9092,b:9092",
    UPSTASH_REDIS_REST_URL: "https://example.test",
    UPSTASH_REDIS_REST_TOKEN: "token",
  };
  expect(readConfig(urls)).toMatchObject({
    redisUrl: urls.REDIS_URL,
    databaseUrl: urls.DATABASE_URL,
    kafkaBrokers: "a:9092,b:9092",
    redisRest: { url: "https://example.test", token: "token" },
  });
});

test.each([
  [{ REDIS_URL: "http://127.0.0.1:6379" }, 'REDIS_URL: got "http://127.0.0.1:6379"; accepts a redis: or rediss: URL'],
  [{ DATABASE_URL: "localhost/x" }, "DATABASE_URL: got a value of 11 characters"],
  [{ KAFKA_BROKERS: "127.0.0.1" }, "accepts host:port, several separated by commas"],
  [{ KAFKA_TOPIC: "a b" }, 'KAFKA_TOPIC: got "a b"'],
  [{ EDGE_REDIS_OVER: "rest" }, 'EDGE_REDIS_OVER: got "rest"; accepts http or tcp'],
  [{ SPILLWAY_WATCH: "no" }, 'SPILLWAY_WATCH: got "no"; accepts on or off'],
  [{ UPSTASH_REDIS_REST_URL: "http://x.test" }, "UPSTASH_REDIS_REST_TOKEN: got nothing"],
  [{ UPSTASH_REDIS_REST_URL: "http://x.test", UPSTASH_REDIS_REST_TOKEN: "t" }, "REDIS_URL: got nothing"],
])("%o is refused by name", (environment, message) => {
  expect(refusal(environment)).toContain(message);
});

test("a refusal never shows the password in a URL", () => {
  expect(refusal({ DATABASE_URL: "mysql://user:hunter2@127.0.0.1/x" })).not.toContain("hunter2");
});
