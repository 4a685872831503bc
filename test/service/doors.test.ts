import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { type Running, startApp } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type SecuredBroker, startSecuredBroker } from "../kafka/secured-broker.ts";
import { selfSign } from "../support/certificate.ts";
import { DASHBOARD_PASSWORD } from "../support/dashboard.ts";
import { API_KEY, createDatabase, entryOf, REST_TOKEN, type Services, startServices } from "../support/world.ts";

/* Each app before each backend whose certificate nobody vouches for, or whose password is another: it says so by itself, at once. */
let services: Services;
let broker: SecuredBroker;
const folder = mkdtempSync(join(tmpdir(), "spillway-doors-"));
const closing: (() => void)[] = [];
beforeAll(async () => {
  [services, broker] = await Promise.all([startServices(), startSecuredBroker()]);
});
afterAll(async () => {
  for (const close of closing) close();
  rmSync(folder, { recursive: true });
  await Promise.all([services?.stop(), broker?.stop()]);
});

/** A door of TLS before a port. */
const doorTo = async (port: number): Promise<number> => {
  const [certificate, key] = [join(folder, `${port}.crt`), join(folder, `${port}.key`)];
  selfSign(certificate, key);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (client) => {
    const upstream = new Socket().connect(port, "127.0.0.1");
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as { readonly port: number }).port;
};

const SECRET = "wrong-secret-of-the-test";
const withSecret = (text: string): string => {
  const url = new URL(text);
  [url.username, url.password] = [url.username || "nobody", SECRET];
  return url.href;
};

type Env = Readonly<Record<string, string>>;
type App = "edge" | "edge over TCP" | "relay" | "dashboard";

/** Whom a dashboard asks and who is not there. */
const nobody = { EDGE_URL: "http://127.0.0.1:9", RELAY_URL: "http://127.0.0.1:9" };

const soundOf = (app: App, databaseUrl: string): Env => {
  const common = { DATABASE_URL: databaseUrl, NAMESPACE: new URL(databaseUrl).pathname.slice(1) };
  const rest = { UPSTASH_REDIS_REST_URL: services.rest.url, UPSTASH_REDIS_REST_TOKEN: REST_TOKEN };
  const redis = { REDIS_URL: services.redis.url };
  if (app === "edge") return { ...common, ...rest, API_KEYS: API_KEY };
  if (app === "edge over TCP") return { ...common, ...redis, API_KEYS: API_KEY };
  if (app === "relay") return { ...common, ...redis, KAFKA_BROKERS: broker.plain, KAFKA_TOPIC: "doors" };
  return { ...common, ...redis, ENVIRONMENT: "development", DASHBOARD_PASSWORD, ...nobody };
};

const wrong: Readonly<Record<string, (databaseUrl: string) => Env | Promise<Env>>> = {
  "Redis's password": () => ({ REDIS_URL: withSecret(services.redis.url) }),
  "Redis's certificate": async () => ({ REDIS_URL: `rediss://localhost:${await doorTo(services.redis.port)}` }),
  "the REST server's token": () => ({ UPSTASH_REDIS_REST_TOKEN: SECRET }),
  "the REST server's certificate": async () => ({
    UPSTASH_REDIS_REST_URL: `https://localhost:${await doorTo(Number(new URL(services.rest.url).port))}`,
  }),
  "Postgres's user": (databaseUrl) => ({ DATABASE_URL: databaseUrl.replace(/\/\/[^@]*@/, `//nobody:${SECRET}@`) }),
  "Kafka's password": () => ({
    KAFKA_BROKERS: broker.sasl,
    KAFKA_SASL_MECHANISM: "plain",
    KAFKA_SASL_USERNAME: broker.user.username,
    KAFKA_SASL_PASSWORD: SECRET,
  }),
  "Kafka's certificate": () => ({ KAFKA_BROKERS: broker.tls, KAFKA_TLS: "on" }),
};

/** What is said, in one word of each: Kafka's client does not tell a certificate from the rest of TLS. */
test.runIf(spawnSync("/usr/bin/openssl", ["version"]).status === 0).each([
  ["edge over TCP", "Redis's password", "unauthorized"],
  ["edge over TCP", "Redis's certificate", "certificate_refused"],
  ["relay", "Redis's password", "unauthorized"],
  ["relay", "Redis's certificate", "certificate_refused"],
  ["dashboard", "Redis's password", "unauthorized"],
  ["dashboard", "Redis's certificate", "certificate_refused"],
  ["edge", "the REST server's token", "unauthorized"],
  ["edge", "the REST server's certificate", "certificate_refused"],
  ["edge", "Postgres's user", "authentication_failed"],
  ["relay", "Postgres's user", "authentication_failed"],
  ["dashboard", "Postgres's user", "authentication_failed"],
  ["relay", "Kafka's password", "sasl_authentication_failed"],
  ["relay", "Kafka's certificate", "tls_failed"],
] as const)("%s, where %s is another, says %s", async (app, what, code) => {
  const databaseUrl = await createDatabase(
    services,
    `doors_${app.replaceAll(" ", "_")}_${what.replace(/\W+/g, "_")}`.toLowerCase(),
  );
  const env = { ...soundOf(app, databaseUrl), ...(await wrong[what]?.(databaseUrl)) };
  const started: Running = await startApp({ name: app, entry: entryOf(app.split(" ")[0] as string), env });
  onTestFinished(() => started.stop());
  const log = () => readFileSync(started.logFile, "utf8");
  await eventually("the log names it", () => log().includes(`"code":"${code}"`), 15_000);
  expect(log()).not.toContain(SECRET);
});
