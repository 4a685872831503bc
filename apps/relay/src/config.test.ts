import { generateKeyPairSync } from "node:crypto";
import { rootCertificates } from "node:tls";
import { ConfigError } from "@spillway/service";
import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

const SECRET = "a-secret-of-the-tests";
const env = {
  REDIS_URL: `redis://:${SECRET}@127.0.0.1:6379`,
  DATABASE_URL: `postgres://user:${SECRET}@127.0.0.1:5432/spillway`,
  KAFKA_BROKERS: "127.0.0.1:9092, broker-2:9092,[::1]:9092",
};

const CA = rootCertificates[0] ?? "";
const KEY = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const files: Readonly<Record<string, string>> = {
  "/ca.pem": CA,
  "/key.pem": KEY,
  "/etc/hostname": "relay-1\n",
  "/dev/null": "",
};

const readFile = (path: string): string => {
  const text = files[path];
  if (text !== undefined) return text;
  throw new Error("ENOENT");
};

type Change = Readonly<Record<string, string | undefined>>;

const read = (change: Change = {}) => readConfig({ ...env, ...change }, readFile);

const refusal = (change: Change): string => {
  try {
    read(change);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "accepted";
};

describe("the configuration", () => {
  test("has the edge's default of a backlog on Upstash", () => {
    const hosted = read({ REDIS_URL: "rediss://default:secret@eu1-calm-cod-1.upstash.io:6379" });
    expect(hosted.BACKLOG_BYTES_MAX).toBe(64 * 1024 * 1024);
  });

  test("has a default for all that is not an address", () => {
    expect(read()).toMatchObject({
      HOST: "127.0.0.1",
      SHARDS: 4,
      NAMESPACE: "spillway",
      LEASE_TTL_MS: 5_000,
      BACKLOG_EVENTS_MAX: 1_000_000,
      BACKLOG_BYTES_MAX: 268_435_456,
      KAFKA_BROKERS: ["127.0.0.1:9092", "broker-2:9092", "[::1]:9092"],
      KAFKA_TOPIC: "events",
      KAFKA_TOPIC_ROUTES: [],
      metricsAccess: "closed",
      tls: undefined,
      sasl: undefined,
    });
  });

  test("reads topic routes, nodes of a cluster, TLS files and SASL", () => {
    const config = read({
      KAFKA_TOPIC_ROUTES: "order.=orders, user.=users",
      REDIS_URL: "redis://a:1,redis://b:2",
      KAFKA_TLS: "on",
      KAFKA_TLS_CA_FILE: "/ca.pem",
      KAFKA_SASL_MECHANISM: "scram-sha-512",
      KAFKA_SASL_USERNAME: "relay",
      KAFKA_SASL_PASSWORD: SECRET,
    });
    expect(config.tls).toEqual({ ca: CA });
    expect(config.sasl).toEqual({ mechanism: "scram-sha-512", username: "relay", password: SECRET });
    expect(JSON.stringify(config.shown)).not.toContain(SECRET);
  });

  test("keeps the routes' prefixes and topics apart", () => {
    expect(read({ KAFKA_TOPIC_ROUTES: "order.=orders,user.=users" }).KAFKA_TOPIC_ROUTES).toEqual([
      { prefix: "order.", topic: "orders" },
      { prefix: "user.", topic: "users" },
    ]);
  });

  test.each([
    [{ PORT: "http" }, 'PORT: got "http"; accepts an integer from 0 to 65535'],
    [{ SHARDS: "0" }, 'SHARDS: got "0"; accepts an integer from 1 to 1024'],
    [{ LEASE_TTL_MS: "10" }, 'LEASE_TTL_MS: got "10"; accepts an integer from 1000 to 300000'],
    [{ REDIS_URL: undefined }, "REDIS_URL: got nothing; accepts a redis: or rediss: URL"],
    [{ REDIS_URL: SECRET }, `REDIS_URL: got a value of ${SECRET.length} characters; accepts`],
    [{ REDIS_URL: "redis://a:1,http://b" }, 'REDIS_URL: got "redis://a:1,http://b"; accepts a redis:'],
    [{ KAFKA_BROKERS: "::1:9092" }, 'KAFKA_BROKERS: got "::1:9092"; accepts host:port'],
    [{ KAFKA_BROKERS: "localhost:0" }, 'KAFKA_BROKERS: got "localhost:0"; accepts host:port'],
    [{ KAFKA_BROKERS: "localhost" }, 'KAFKA_BROKERS: got "localhost"; accepts host:port'],
    [{ KAFKA_BROKERS: "kafka://a:9092" }, 'KAFKA_BROKERS: got "kafka://a:9092", with a scheme'],
    [{ KAFKA_TOPIC: ".." }, 'KAFKA_TOPIC: got ".."; accepts a topic'],
    [{ KAFKA_TOPIC_ROUTES: "order.:orders" }, 'KAFKA_TOPIC_ROUTES: got "order.:orders"; accepts prefix=topic'],
    [{ KAFKA_TOPIC_ROUTES: "a.=x,a.=y" }, 'KAFKA_TOPIC_ROUTES: got "a.=x,a.=y"; accepts prefix=topic'],
    [{ KAFKA_SASL_USERNAME: "me" }, "got some of them; accepts all or none"],
    [{ KAFKA_TLS_CA_FILE: "/ca.pem" }, "KAFKA_TLS_CA_FILE: got a file; accepts nothing unless KAFKA_TLS is on"],
    [{ KAFKA_TLS: "on", KAFKA_TLS_CA_FILE: "/none" }, 'KAFKA_TLS_CA_FILE: got "/none"; accepts the path of a readable'],
    [
      { KAFKA_TLS: "on", KAFKA_TLS_CA_FILE: "/etc/hostname" },
      'KAFKA_TLS_CA_FILE: got "/etc/hostname"; accepts the path',
    ],
    [{ KAFKA_TLS: "on", KAFKA_TLS_CA_FILE: "/key.pem" }, 'KAFKA_TLS_CA_FILE: got "/key.pem"; accepts the path'],
    [{ KAFKA_TLS: "on", KAFKA_TLS_CERT_FILE: "/dev/null" }, 'KAFKA_TLS_CERT_FILE: got "/dev/null"; accepts the path'],
    [{ KAFKA_TLS: "on", KAFKA_TLS_KEY_FILE: "/ca.pem" }, 'KAFKA_TLS_KEY_FILE: got "/ca.pem"; accepts the path'],
    [{ KAFKA_TLS: "on", KAFKA_TLS_KEY_FILE: "/key.pem" }, "got one of them; accepts both or none"],
    [{ RELAY_ID: "a b" }, 'RELAY_ID: got "a b"; accepts 1 to 128 printable ASCII'],
  ])("refuses %j", (change, message) => {
    expect(refusal(change)).toContain(message);
  });

  test("names every variable that is wrong, at once", () => {
    expect(refusal({ PORT: "x", SHARDS: "y" }).split("\n")).toHaveLength(2);
  });

  test.each([
    [{ ENVIRONMENT: "development" }, "open"],
    [{ ENVIRONMENT: "production" }, "closed"],
    [{ ENVIRONMENT: "development", HOST: "10.0.0.1" }, "closed"],
    [{ METRICS_TOKEN: "0123456789abcdef" }, { token: "0123456789abcdef" }],
  ])("with %j metrics are %j", (change, access) => {
    expect(read(change).metricsAccess).toEqual(access);
  });

  test("shows no secret in the log", () => {
    const config = read({ METRICS_TOKEN: SECRET });
    expect(JSON.stringify(config.shown)).not.toContain(SECRET);
    expect(config.shown).toMatchObject({
      REDIS_URL: "redis://***@127.0.0.1:6379",
      METRICS_TOKEN: "configured",
      SHARDS: 4,
    });
  });
});
