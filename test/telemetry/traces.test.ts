import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { DASHBOARD_PASSWORD, startDashboard } from "../support/dashboard.ts";
import { setTopic } from "../support/topic.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { CLIENT, contextOf, startCollector, traceOf } from "./collected.ts";

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const PATIENCE_MS = 60_000;
const TOPIC_SETTINGS = { "max.message.bytes": "20000" };

let services: Services;
let folder: string;
beforeAll(async () => {
  services = await startServices();
  folder = mkdtempSync(`${tmpdir()}/spillway-traces-`);
});
afterAll(async () => {
  await services?.stop();
  rmSync(folder, { recursive: true });
});

type Env = Readonly<Record<string, string>>;
const started: { stop(): Promise<unknown> }[] = [];
const stopAll = async () => {
  for (const one of started.splice(0).reverse()) await one.stop();
};
afterEach(stopAll);

const keep = async <One extends { stop(): Promise<unknown> }>(starts: Promise<One>): Promise<One> => {
  const one = await starts;
  started.push(one);
  return one;
};

/** A whole Spillway with these settings in each of its three apps. */
const startTraced = async (edgeEnv: Env, relayEnv: Env = edgeEnv) => {
  const pipeline = await keep(startPipeline(services, { edgeEnv, relayEnv, topicSettings: TOPIC_SETTINGS }));
  const dashboard = await keep(startDashboard(services, pipeline, relayEnv));
  return { pipeline, dashboard };
};

/** As a client does it: again until it is stored, with the same context. */
const store = (pipeline: Pipeline, event: object, n: number, flags?: string) =>
  eventually(
    "202",
    async () => {
      const headers = { "content-type": "application/json", traceparent: contextOf(n, flags) };
      const body = JSON.stringify({ type: "my-type", source: "/my-source", subject: "my-subject", ...event });
      const response = await pipeline.post(body, headers);
      return response.status === 202 && ((await response.json()) as { tier: string });
    },
    PATIENCE_MS,
  );

const recordOf = (pipeline: Pipeline, id: string) =>
  eventually(
    `${id} in Kafka`,
    async () => (await pipeline.read()).find(({ value }) => value.includes(`"${id}"`)),
    PATIENCE_MS,
  );

const replayFirst = async (dashboard: Running) => {
  const form = (fields: Record<string, string>, cookie = "") => {
    const body = new URLSearchParams(fields);
    return { method: "POST", body, headers: { cookie }, redirect: "manual" as const };
  };
  const login = await fetch(`${dashboard.url}/login`, form({ password: DASHBOARD_PASSWORD }));
  const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await eventually("the dead letter on the page", async () => {
    const html = await (await fetch(`${dashboard.url}/dead-letters?status=waiting`, { headers: { cookie } })).text();
    return html.includes("/replay") && html;
  });
  const action = /action="(\/dead-letters\/\d+\/replay)"/.exec(page)?.[1];
  const token = /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const replayed = await fetch(`${dashboard.url}${action}`, form({ form_token: token }, cookie));
  expect(replayed.status).toBe(303);
};

test("one trace leads from the client through request, append, publish, drain and replay to the consumer", async () => {
  const { collected, linked, request, env } = await keep(startCollector());
  const { pipeline, dashboard } = await startTraced(env);

  // Through the stream.
  await store(pipeline, { id: "by-stream" }, 1);
  await store(pipeline, { id: "unsampled" }, 2, "00");
  expect(await request(1)).toMatchObject({
    service: "spillway-edge",
    kind: "server",
    parentSpanId: CLIENT,
    failure: null,
    attributes: { "http.request.method": "POST", "http.route": "/v1/events" },
  });
  expect(await linked("append", 1, { "spillway.tier": "stream" })).toMatchObject({
    service: "spillway-edge",
    kind: "client",
    parentSpanId: "",
  });
  expect(await linked("publish", 1)).toMatchObject({
    service: "spillway-relay",
    kind: "producer",
    parentSpanId: "",
    attributes: { "messaging.destination.name": pipeline.topic },
  });
  const byStream = (await recordOf(pipeline, "by-stream")).headers.traceparent;
  expect((await recordOf(pipeline, "unsampled")).headers.traceparent).toBe(contextOf(2, "00"));

  // Through the outbox.
  await services.redis.kill();
  expect(await store(pipeline, { id: "by-outbox" }, 3)).toMatchObject({ tier: "outbox" });
  await services.redis.restart();
  await linked("append", 3, { "spillway.tier": "outbox" });
  expect(await linked("drain", 3)).toMatchObject({ service: "spillway-relay", kind: "internal" });
  await linked("publish", 3);
  const byOutbox = (await recordOf(pipeline, "by-outbox")).headers.traceparent;

  // Refused, and replayed.
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString("base64");
  await store(pipeline, { id: "replayed", data: noise }, 4);
  expect(await linked("publish", 4)).toMatchObject({ failure: "message_too_large" });
  await setTopic(pipeline.addresses.brokers, pipeline.topic, "max.message.bytes", "1048588");
  await replayFirst(dashboard);
  expect(await linked("replay", 4)).toMatchObject({
    service: "spillway-dashboard",
    kind: "internal",
    attributes: { "spillway.letters": "1", "spillway.events": "1" },
  });
  await linked("drain", 4);
  const replayed = await recordOf(pipeline, "replayed");
  expect(replayed.headers["spillway-attempt"]).toBe("2");

  const { spans, mediaTypes } = await collected();
  expect(mediaTypes).toEqual(["application/x-protobuf"]);
  expect(spans.filter((one) => !one.isInOrder)).toEqual([]);
  expect(JSON.stringify(spans)).not.toContain(traceOf(2));
  // Consumers and links continue requests' spans, and nothing else.
  const requests = spans.filter(({ name }) => name === "POST /v1/events");
  const contexts = requests.map(({ traceId, spanId }) => `${traceId}-${spanId}`);
  for (const traceparent of [byStream, byOutbox, replayed.headers.traceparent])
    expect(contexts.map((context) => `00-${context}-01`)).toContain(traceparent);
  expect(spans.flatMap(({ links }) => links).filter((link) => !contexts.includes(link))).toEqual([]);
  for (const ofAnEvent of ["my-type", "my-source", "my-subject", "by-stream", noise.slice(0, 64), "key-of-the-tests"])
    expect(JSON.stringify(spans)).not.toContain(ofAnEvent);
});

/** Takes connections and never answers. */
const startSilence = async () => {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    socket.on("error", () => undefined).resume();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  started.push({ stop: async () => void server.close() });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
};

const probing = (name: string) => {
  const probed = mkdtempSync(`${folder}/${name}-`);
  return {
    env: { BUN_OPTIONS: `--preload=${here("./module-probe.ts")}`, PROBE_FOLDER: probed },
    /** How many modules of OpenTelemetry's SDK each process had loaded when it ended. */
    loaded: () => readdirSync(probed).map((file) => Number(readFileSync(`${probed}/${file}`, "utf8"))),
  };
};

test("where nothing is traced, no module of OpenTelemetry's SDK is loaded, nothing is connected to, and a context goes on as it came", async () => {
  const silence = await startSilence();
  const probe = probing("off");
  const env = { ...probe.env, OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: silence.url };
  const { pipeline } = await startTraced(env);
  await store(pipeline, { id: "untraced" }, 1);
  expect((await recordOf(pipeline, "untraced")).headers.traceparent).toBe(contextOf(1));
  await stopAll();
  expect(probe.loaded()).toEqual([0, 0, 0]);
  expect(silence.connections()).toBe(0);
});

const EVENTS = 300;

test("a collector that never answers, and one that is not there, cost spans, which are counted, and nothing else", async () => {
  const silence = await startSilence();
  const probe = probing("on");
  const env = {
    ...probe.env,
    OTEL_BSP_SCHEDULE_DELAY: "10",
    OTEL_BSP_MAX_QUEUE_SIZE: "20",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "10",
    OTEL_EXPORTER_OTLP_TIMEOUT: "6000",
    SPANS_PER_SECOND_MAX: "100000",
    METRICS_TOKEN: "a-token-of-the-tests-of-traces",
  };
  const nobody = { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  const { pipeline, dashboard } = await startTraced({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: silence.url }, nobody);
  const ids = Array.from({ length: EVENTS }, (_, n) => `e${n}`);
  for (const [n, id] of ids.entries()) await store(pipeline, { id }, n + 1);
  const idsInKafka = async () => (await pipeline.read()).map(({ value }) => JSON.parse(value.toString()).id);
  await eventually("all in Kafka", async () => new Set(await idsInKafka()).size === EVENTS, PATIENCE_MS);
  expect([...new Set(await idsInKafka())]).toEqual(ids);

  const counted = async (app: Running | undefined, outcome: string): Promise<number> => {
    const headers = { authorization: `Bearer ${env.METRICS_TOKEN}` };
    const text = await (await fetch(`${app?.url}/metrics`, { headers })).text();
    return Number(new RegExp(`spillway_spans_total\\{outcome="${outcome}",app="\\w+"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };
  const [edge] = pipeline.edges;
  const [relay] = pipeline.relays;
  await eventually("spans that failed", async () => (await counted(edge, "failed")) > 0, PATIENCE_MS);
  await eventually("spans that failed", async () => (await counted(relay, "failed")) > 0, PATIENCE_MS);
  expect(await counted(edge, "queue_full")).toBeGreaterThan(0);
  expect([await counted(edge, "sent"), await counted(relay, "sent")]).toEqual([0, 0]);
  expect(silence.connections()).toBeGreaterThan(0);

  for (const app of [edge, relay, dashboard]) {
    const ended = app?.exited();
    await app?.kill("SIGTERM");
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(readFileSync(app?.logFile ?? "", "utf8")).toContain('"orderly":true');
  }
  expect(probe.loaded().map((modules) => modules > 0)).toEqual([true, true, true]);
});
