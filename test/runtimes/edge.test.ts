import { type Running, startApp } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { systemClock } from "@spillway/event";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postBehindBalancer } from "../support/balancer.ts";
import { exchange } from "../support/connection.ts";
import { type FaultProxy, startProxy } from "../support/proxy.ts";
import { appOn, workerOn } from "../support/runtimes.ts";
import {
  API_KEY,
  KEY,
  type Pipeline,
  REST_TOKEN,
  type Services,
  startPipeline,
  startServices,
} from "../support/world.ts";
import { eventOf, forms, type Sent } from "./forms.ts";
import { refusals } from "./refusals.ts";
import { buildWorker } from "./worker.ts";

/* One edge, four runtimes: the table of apps/edge/README.md is what is shown here. The relay behind them runs on Node. */
const CONNECTIONS = 64;
const TRIES = 20;
const LIVEZ = "GET /livez HTTP/1.1\r\nHost: edge\r\n\r\n";
/** Behind a balancer. */
const CLIENTS = 16;

const worker = buildWorker();
const runtimes = ["bun", "node", "deno", "workerd"] as const;

let services: Services;
let pipeline: Pipeline;
let relay: Running;

beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, { edges: 0, relays: 0 });
  const { redisUrl, databaseUrl, brokers } = pipeline.addresses;
  relay = await startApp({
    name: "relay",
    entry: () => appOn("relay", "node"),
    env: {
      REDIS_URL: redisUrl,
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: brokers.join(),
      KAFKA_TOPIC: pipeline.topic,
      NAMESPACE: pipeline.name,
    },
  });
});
afterAll(async () => {
  await relay?.stop();
  await pipeline?.stop();
  await services?.stop();
  worker.remove();
});

/** Ids that were answered to be stored, of all runtimes. */
const accepted = new Set<string>();
let count = 0;
const newId = (): string => `e-${++count}`;

type Taken = { readonly id?: string; readonly accepted?: number; readonly duplicates?: number };
type Check = { readonly status: string };
type Readiness = {
  readonly checks: { readonly stream: Check; readonly outbox: Check };
  readonly diverted_shards: number;
};

describe.each(runtimes)("on %s", (runtime) => {
  let edge: Running;
  let redis: FaultProxy;
  let postgres: FaultProxy;

  beforeAll(async () => {
    redis = await startProxy(services.rest);
    postgres = await startProxy(services.postgres);
    const database = new URL(pipeline.addresses.databaseUrl);
    database.port = String(postgres.port);
    edge = await startApp({
      name: `edge-${runtime}`,
      entry: (port) => (runtime === "workerd" ? workerOn(worker.bundle, port) : appOn("edge", runtime)),
      env: {
        API_KEYS: API_KEY,
        SCHEMA_KEYS: "test",
        UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${redis.port}`,
        UPSTASH_REDIS_REST_TOKEN: REST_TOKEN,
        DATABASE_URL: database.href,
        NAMESPACE: pipeline.name,
        METRICS_TOKEN: "token-of-the-metrics",
        STOP_DELAY_MS: "2000",
      },
    });
  });
  afterAll(async () => {
    await edge?.stop();
    await redis?.close();
    await postgres?.close();
  });

  const send = ({ path = "/v1/events", headers, body }: Sent): Promise<Response> =>
    fetch(`${edge.url}${path}`, { method: "POST", headers: { authorization: `Bearer ${KEY}`, ...headers }, body });
  /** As a client does: again after a 503, which on a busy machine is a deadline that was missed. */
  const sendUntilTaken = async (sent: Sent): Promise<Response> => {
    for (let tries = 1; ; tries++) {
      const answer = await send(sent);
      if (answer.status !== 503 || tries === TRIES) return answer;
      await systemClock.sleep(1_000 * Number(answer.headers.get("retry-after")));
    }
  };
  const sentOf = (id: string): Sent => ({ headers: { "content-type": "application/json" }, body: eventOf(id) });
  /** The tier that took one event, or the status of its refusal. */
  const post = async (): Promise<string> => {
    const id = newId();
    const answer = await sendUntilTaken(sentOf(id));
    if (answer.status !== 202) return String(answer.status);
    accepted.add(id);
    return ((await answer.json()) as { readonly tier: string }).tier;
  };
  const heal = async (): Promise<void> => {
    redis.set({ kind: "pass" });
    postgres.set({ kind: "pass" });
    await eventually("both tiers are up, and no shard is diverted", async () => {
      const { checks, diverted_shards } = (await (await fetch(`${edge.url}/readyz`)).json()) as Readiness;
      return checks.stream.status === "up" && checks.outbox.status === "up" && diverted_shards === 0;
    });
  };
  const times = (n: number): Promise<string[]> => Promise.all(Array.from({ length: n }, () => post()));
  const inTurn = async (n: number): Promise<string[]> => {
    const tiers: string[] = [];
    for (let i = 0; i < n; i++) tiers.push(await post());
    return tiers;
  };
  const postForm = async ({ request, stored, status }: (typeof forms)[number]): Promise<void> => {
    const ids = [newId(), newId()] as const;
    const answer = await sendUntilTaken(request(ids));
    const body = (await answer.json()) as Taken;
    expect([answer.status, body.id ?? (body.accepted ?? 0) + (body.duplicates ?? 0)]).toEqual([
      status,
      stored === 1 && status === 202 ? ids[0] : stored,
    ]);
    for (const id of ids.slice(0, stored)) accepted.add(id);
  };

  describe.each(["stream", "outbox"])("by the %s", (tier) => {
    beforeAll(async () => {
      await heal();
      if (tier === "outbox") redis.set({ kind: "refuse" });
      await eventually(`events go to the ${tier}`, async () => (await post()) === tier);
    });
    afterAll(heal);

    test.each(forms.map((form) => [form.name, form] as const))("takes %s", (_, form) => postForm(form));

    test("takes what comes on 64 connections at once", async () => {
      const tiers: string[] = [];
      for (let round = 0; round < 3; round++) tiers.push(...(await times(CONNECTIONS)));
      expect(tiers.filter((taken) => !["stream", "outbox"].includes(taken))).toEqual([]);
      // An append that is late on a busy machine goes the other way.
      expect(tiers).toContain(tier);
    });
  });

  test("knows what became of an event: relayed, waiting in the outbox, or not seen", async () => {
    await heal();
    const ask = async (id: string) => {
      const answer = await fetch(`${edge.url}/v1/events/${id}?source=/s`, {
        headers: { authorization: `Bearer ${KEY}` },
      });
      return (await answer.json()) as { readonly status: string | number; readonly tier?: string };
    };
    const sent = newId();
    await sendUntilTaken(sentOf(sent));
    accepted.add(sent);
    await eventually("it is relayed", async () => (await ask(sent)).status === "relayed");
    expect(await ask(`${sent}-not`)).toMatchObject({ status: 404, code: "event_not_seen" });
    redis.set({ kind: "refuse" });
    expect(await ask(sent)).toMatchObject({ status: 503, code: "lookup_unavailable" });
  });

  test("puts what comes at once into few appends", async () => {
    await heal();
    const admin = new Redis(services.redis.url);
    const appends = async () => Number(/cmdstat_xadd:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1]);
    try {
      const before = await appends();
      expect(await times(CONNECTIONS)).toContain("stream");
      // An entry of a stream is a chunk; each event by itself would be 64.
      expect((await appends()) - before).toBeLessThan(CONNECTIONS / 2);
    } finally {
      admin.disconnect();
    }
  });

  test("while Redis is frozen events go by the outbox, and back when it thaws", async () => {
    await heal();
    redis.set({ kind: "black-hole" });
    expect(await inTurn(12)).toEqual(Array(12).fill("outbox"));
    await heal();
  });

  test("while Postgres is frozen events go to the stream", async () => {
    await heal();
    postgres.set({ kind: "black-hole" });
    expect(await inTurn(12)).toEqual(Array(12).fill("stream"));
    await heal();
  });

  test.each(["refuse", "black-hole"] as const)(
    "while both %s events are refused, and taken afterwards",
    async (kind) => {
      await heal();
      for (const proxy of [redis, postgres]) proxy.set({ kind });
      for (let n = 0; n < 4; n++) {
        const answer = await send(sentOf(newId()));
        expect([answer.status, Number(answer.headers.get("retry-after"))]).toEqual([503, expect.any(Number)]);
        expect(await answer.json()).toMatchObject({ code: expect.stringMatching(/^(unavailable|overloaded)$/) });
      }
      await heal();
    },
  );

  test("judges events by the schema of their type, without making code, and tells it as a registry does", async () => {
    await heal();
    const type = `order.${runtime}`;
    const schema = { properties: { code: { type: "string", pattern: "^[A-Z]+-[0-9]{3}$" } }, required: ["code"] };
    const json = { "content-type": "application/json" };
    const registered = await sendUntilTaken({
      path: "/v1/schemas",
      headers: json,
      body: JSON.stringify({ type, mode: "enforce", schema }),
    });
    expect(registered.status).toBe(201);
    const sendOf = (data: unknown) => sendUntilTaken({ headers: json, body: JSON.stringify({ type, data }) });
    const refused = await sendOf({ code: "a-1" });
    expect([refused.status, await refused.json()]).toEqual([
      422,
      expect.objectContaining({ code: "schema_violation", pointer: "/data/code" }),
    ]);
    expect((await sendOf({ code: "AB-123" })).status).toBe(202);
    const url = `${edge.url}/subjects/${type}/versions/latest`;
    const told = await fetch(url, { headers: { authorization: `Basic ${btoa(`any:${KEY}`)}` } });
    expect(await told.json()).toMatchObject({ subject: type, version: 1, schema: JSON.stringify(schema) });
  });

  test.each(refusals)(
    "after %s (%i) a connection is kept and good, unless the answer says that it ends",
    async (_, status, bytes) => {
      const [first] = (await exchange(edge.url, [bytes()], 1)).answers;
      expect(first?.status).toBe(status);
      if (/^connection: close$/im.test(first?.headers ?? "")) {
        // Deno leaves it to the client to end it.
        if (runtime !== "deno") expect((await exchange(edge.url, [bytes()])).ended).toBe(true);
        return;
      }
      const body = bytes();
      // Node destroys a connection half a second after it has answered on it before a body's end.
      const wait = body.length > 1_000_000 ? 700 : 0;
      const { answers } = await exchange(edge.url, [body, "answer", wait, LIVEZ], 2);
      expect(answers.map((answer) => answer.status)).toEqual([status, 200]);
    },
  );

  test("serves HTTP/1.0 without a Host, as HAProxy checks, where it is a process", async () => {
    const { answers } = await exchange(edge.url, ["OPTIONS / HTTP/1.0\r\n\r\n"], 1);
    expect(answers.map((answer) => answer.status)).toEqual([runtime === "workerd" ? 400 : 204]);
  });

  test("shows its metrics to who has the token, where there is somebody to scrape it", async () => {
    const ask = (headers: Readonly<Record<string, string>>) => fetch(`${edge.url}/metrics`, { headers });
    const shown = await ask({ authorization: "Bearer token-of-the-metrics" });
    expect([(await ask({})).status, shown.status]).toEqual(runtime === "workerd" ? [404, 404] : [401, 200]);
    if (runtime !== "workerd") expect(await shown.text()).toContain("spillway_events_ingested_total{");
  });

  // Workers have no end of a process: Cloudflare takes an object away.
  const stops = async (): Promise<void> => {
    await heal();
    const { outcomes, accepted: stored, over } = postBehindBalancer(edge.port, CLIENTS);
    await eventually("events are accepted", () => stored.length > 100);
    await edge.kill("SIGTERM");
    await over;
    // What was cut has an error's code, or no answer.
    expect([...outcomes.keys()].filter((outcome) => !/^(202|503)$/.test(outcome))).toEqual([]);
    expect(await edge.exited()).toEqual({ code: 0, signal: null });
    for (const id of stored) accepted.add(id);
  };
  if (runtime !== "workerd") test("stops under load without cutting a request, and ends with 0", stops);
});

test("all that any of them has accepted is in Kafka, as it came, by a relay on Node that stops in order", async () => {
  const idOf = (record: { readonly value: Buffer; readonly headers: Readonly<Record<string, string>> }) =>
    record.headers.ce_id ?? /"id":"([^"]+)"/.exec(record.value.toString())?.[1] ?? "";
  await eventually("all events are in the topic", async () => {
    const seen = new Set((await pipeline.read()).map(idOf));
    return [...accepted].every((id) => seen.has(id));
  });
  const records = await pipeline.read();
  const plain = records.filter(({ value }) => value.includes("1e400"));
  // How many went in batches and how many one by one is the machine's doing.
  expect(plain.length).toBeGreaterThan(100);
  expect(plain.filter((record) => record.value.toString() !== eventOf(idOf(record)))).toEqual([]);
  await relay.kill("SIGTERM");
  expect(await relay.exited()).toEqual({ code: 0, signal: null });
});
