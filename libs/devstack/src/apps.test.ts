import { expect, test } from "vitest";
import { appEnvironments } from "./apps.ts";
import { renderDevEnv } from "./dev-env.ts";

const stack = {
  EDGE_URL: "http://127.0.0.1:8787",
  DASHBOARD_URL: "http://127.0.0.1:8789",
  RELAY_URL: "http://127.0.0.1:8788",
  API_KEY: "key",
  DASHBOARD_PASSWORD: "password",
  REDIS_URL: "redis://127.0.0.1:1",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:2",
  UPSTASH_REDIS_REST_TOKEN: "token",
  DATABASE_URL: "postgres://postgres@127.0.0.1:3/postgres",
  KAFKA_BROKERS: "127.0.0.1:4",
  KAFKA_TOPIC: "spillway.events",
  METRICS_TOKEN: "",
};

test("every app gets its own port, loopback, and only the addresses it uses", () => {
  const { edge, relay, dashboard } = appEnvironments(
    stack,
    { kafkaCompression: "none", edgeRedisOver: "http" },
    "/r/dev.env",
  );
  expect([edge.PORT, relay.PORT, dashboard.PORT]).toEqual(["8787", "8788", "8789"]);
  expect(new Set([edge.HOST, relay.HOST, dashboard.HOST])).toEqual(new Set(["127.0.0.1"]));
  expect(edge).toMatchObject({ API_KEYS: "dev:key", UPSTASH_REDIS_REST_TOKEN: "token" });
  expect(relay).toMatchObject({
    KAFKA_TOPIC: "spillway.events",
    KAFKA_COMPRESSION: "none",
    REDIS_URL: "redis://127.0.0.1:1",
  });
  expect(edge).not.toHaveProperty("REDIS_URL");
  expect(relay).not.toHaveProperty("API_KEYS");
  expect(relay).not.toHaveProperty("RELAY_URL");
  expect(dashboard).not.toHaveProperty("UPSTASH_REDIS_REST_TOKEN");
});

test("an edge over TCP gets Redis's own address and nothing of a REST server", () => {
  const { edge } = appEnvironments(stack, { kafkaCompression: "none", edgeRedisOver: "tcp" }, "/r/dev.env");
  expect(edge).toMatchObject({ REDIS_URL: "redis://127.0.0.1:1" });
  expect(Object.keys(edge).filter((name) => name.startsWith("UPSTASH"))).toEqual([]);
});

test("dev.env has one KEY=VALUE line for every setting and every process", () => {
  const lines = renderDevEnv(stack, { edge: { pid: 11 }, "redis-rest": { pid: 22 } })
    .trimEnd()
    .split("\n");
  expect(lines).toContain("REDIS_REST_PID=22");
  expect(lines).toContain("EDGE_PID=11");
  expect(lines).toContain("KAFKA_PID=");
  expect(lines.map((line) => line.split("=")[0])).toEqual([
    ...Object.keys(stack),
    ...["EDGE", "RELAY", "DASHBOARD", "REDIS_REST", "REDIS", "POSTGRES", "KAFKA"].map((name) => `${name}_PID`),
  ]);
});
