import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* Two edges that know of each other by Postgres alone, and what reaches Kafka. */
const METRICS_TOKEN = "token-of-the-metrics";

let services: Services;
let pipeline: Pipeline;
beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, { edges: 2, edgeEnv: { SCHEMA_KEYS: "test", METRICS_TOKEN } });
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
});

type Answer = { readonly status: number; readonly code?: string; readonly version?: number; readonly id?: number };

const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
const ask = async (edge: number, path: string, body?: string): Promise<Answer> => {
  const init = body === undefined ? { headers } : { method: "POST", headers, body };
  const response = await fetch(`${pipeline.edges[edge]?.url}${path}`, init);
  return { ...((await response.json()) as object), status: response.status };
};
const register = (edge: number, type: string, schema: unknown, mode?: string) =>
  ask(edge, "/v1/schemas", JSON.stringify({ type, schema, mode }));
const eventOf = (type: string, id: string, data: string) =>
  `{"specversion":"1.0","id":"${id}","source":"/s","time":"2026-11-30T00:00:00Z","type":"${type}","data":${data}}`;
const send = (edge: number, event: string) => ask(edge, "/v1/events", event);

const total = { type: "object", properties: { total: { type: "number" } }, required: ["total"] };
const right = '{ "total" : 12345678901234567890.10 , "n":1e400}';

test("what one edge registers the other one enforces, and what is taken is in Kafka as it came", async () => {
  expect(await register(0, "order", total, "enforce")).toMatchObject({ status: 201, version: 1 });
  expect((await send(0, eventOf("order", "wrong-0", "{}"))).status).toBe(422);
  let tries = 0;
  await eventually("the other edge knows it", async () => {
    const { status, code } = await send(1, eventOf("order", `early-${++tries}`, "{}"));
    return status === 422 && code === "schema_violation";
  });
  for (const edge of [0, 1]) expect((await send(edge, eventOf("order", `right-${edge}`, right))).status).toBe(202);
  const records = await eventually("both are in Kafka", async () => {
    const values = (await pipeline.read()).map(({ value }) => value.toString());
    return [0, 1].every((edge) => values.includes(eventOf("order", `right-${edge}`, right))) ? values : undefined;
  });
  expect(records.filter((value) => value.includes("wrong-"))).toEqual([]);
});

test("of many who register versions of one type at once each has its own, and none is missing", async () => {
  const schemas = Array.from({ length: 12 }, (_, i) => ({ ...total, title: `Order ${i}` }));
  const answers = await Promise.all(schemas.map((schema, i) => register(i % 2, "many", schema)));
  // Who meets others five times in a row is told to come again.
  const added = answers.filter(({ status }) => status === 201);
  expect(answers.filter(({ status }) => status !== 201 && status !== 503)).toEqual([]);
  const versions = added.map(({ version }) => version ?? 0).toSorted((a, b) => a - b);
  expect(versions).toEqual(versions.map((_, i) => i + 1));
  expect(new Set(added.map(({ id }) => id)).size).toBe(added.length);
  await eventually("both edges tell the same", async () => {
    const told = await Promise.all(
      [0, 1].map(async (edge) => {
        const response = await fetch(`${pipeline.edges[edge]?.url}/subjects/many/versions`, { headers });
        return response.ok ? ((await response.json()) as number[]).length : 0;
      }),
    );
    return told.every((count) => count === added.length);
  });
});

test("without Postgres events are judged by what is known, also by an edge that goes on, and registering says 503", async () => {
  await services.postgres.kill("SIGKILL");
  try {
    expect((await send(1, eventOf("order", "dark-0", "{}"))).status).toBe(422);
    expect((await send(1, eventOf("order", "dark-1", right))).status).toBe(202);
    expect(await register(0, "order", { ...total, title: "x" })).toMatchObject({ status: 503, code: "unavailable" });
    expect((await ask(0, "/subjects/order/versions/latest")).version).toBe(1);
  } finally {
    await services.postgres.restart();
  }
  await eventually("it is registered", async () => {
    const { status } = await register(0, "order", { ...total, title: "x" });
    return status === 201 || status === 200;
  });
});

test("an edge that starts without Postgres takes events, counts them as not judged, and enforces once it knows", async () => {
  const [edge] = pipeline.edges;
  await edge?.kill("SIGKILL");
  await services.postgres.kill("SIGKILL");
  await edge?.restart();
  try {
    await eventually("it takes events", async () => (await send(0, eventOf("order", "blind-0", "{}"))).status === 202);
    const authorization = `Bearer ${METRICS_TOKEN}`;
    const text = await (await fetch(`${edge?.url}/metrics`, { headers: { authorization } })).text();
    expect(text).toMatch(/spillway_schema_checks_total\{outcome="not_known"[^}]*\} [1-9]/);
    expect((await ask(0, "/subjects")).status).toBe(500);
  } finally {
    await services.postgres.restart();
  }
  let tries = 0;
  await eventually(
    "it enforces",
    async () => (await send(0, eventOf("order", `late-${++tries}`, "{}"))).status === 422,
  );
});
