import { noMetrics, silentLog } from "@spillway/telemetry";
import { createMetricsSpy, type MetricsSpy } from "@spillway/telemetry/metrics-spy";
import { describe, expect, test } from "vitest";
import { type AppWorld, createAppWorld, KEY } from "../app.fixture.ts";
import { createSchemaCache } from "./cache.ts";
import { createSchemaJudge } from "./judge.ts";

type Answer = {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly code: string; readonly pointer: string; readonly index?: number }[];
  readonly warnings?: readonly object[];
  readonly version?: number;
  readonly id?: number | string;
  readonly mode?: string;
  readonly tier?: string;
};

const order = {
  type: "object",
  properties: { total: { type: "number", minimum: 0 }, items: { type: "array", items: { type: "string" } } },
  required: ["total"],
};

/** A started edge whose own key may register. */
const world = async (options: Parameters<typeof createAppWorld>[0] = {}) => {
  const app = await createAppWorld({ schemaKeys: ["shop"], ...options });
  await app.schemas.start(new AbortController().signal);
  const register = async (body: unknown) => {
    const response = await app.post(typeof body === "string" ? body : JSON.stringify(body), {}, "/v1/schemas");
    return { ...((await response.json()) as Answer), status: response.status };
  };
  const send = async (body: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const response = await app.post(typeof body === "string" ? body : JSON.stringify(body), headers);
    return { ...((await response.json()) as Answer), status: response.status };
  };
  return { app, register, send };
};

const countOf = (metrics: MetricsSpy, outcome: string) =>
  metrics.of("spillway_schema_checks_total").filter(({ labels }) => labels.outcome === outcome).length;

const event = (data: unknown, more: object = {}) => ({ type: "order.created", data, ...more });
const enforced = async (options?: Parameters<typeof createAppWorld>[0]) => {
  const all = await world(options);
  expect((await all.register({ type: "order.created", mode: "enforce", schema: order })).status).toBe(201);
  return all;
};
const entriesOf = async ({ world }: AppWorld) =>
  (await Promise.all([0, 1, 2, 3].map((shard) => world.shardStream.read(shard, "0", 100, 0)))).flat();

describe("an event that breaks the schema of its type", () => {
  test("is refused under enforce, with a pointer for each fault, ten at most, and not stored", async () => {
    const { app, send } = await enforced();
    expect(await send(event({ total: 1, items: ["a"] }))).toMatchObject({ status: 202 });
    const refused = await send(event({ total: -1, items: ["a", ...Array(20).fill(1)] }, { id: "7" }));
    expect(refused).toMatchObject({ status: 422, code: "schema_violation", id: "7" });
    expect(refused.errors).toHaveLength(10);
    expect(refused.errors?.slice(0, 2)).toEqual([
      { code: "schema_violation", pointer: "/data/total", detail: "must be at least 0" },
      { code: "schema_violation", pointer: "/data/items/1", detail: "must be string" },
    ]);
    expect(await entriesOf(app)).toHaveLength(1);
  });

  test("of a batch is named by its index, and the others are stored", async () => {
    const { send } = await enforced();
    const answer = await send([event({ total: 1 }), event({}), { type: "other", data: {} }, event({ total: "1" })]);
    expect(answer).toMatchObject({ status: 207, accepted: 2, invalid: 2 });
    expect(answer.errors).toEqual([
      expect.objectContaining({ index: 1, code: "schema_violation", pointer: "/data/total", retryable: false }),
      expect.objectContaining({ index: 3, code: "schema_violation", pointer: "/data/total" }),
    ]);
    expect(await send([event({})])).toMatchObject({ status: 422, code: "none_valid" });
  });

  test("is stored under warn, and its answer says what is wrong; under off nobody looks", async () => {
    const metrics = createMetricsSpy();
    const { register, send } = await enforced({ metrics });
    expect(await register({ type: "order.created", mode: "warn" })).toMatchObject({ status: 200, mode: "warn" });
    const fault = { code: "schema_violation", detail: "is required", pointer: "/data/total" };
    expect(await send(event({}))).toMatchObject({ status: 202, tier: "stream", warnings: [fault] });
    const batch = await send([event({ total: 1 }), event({}, { id: "w" })]);
    expect(batch).toMatchObject({ status: 202, accepted: 2, warnings: [{ index: 1, id: "w", ...fault }], errors: [] });
    await register({ type: "order.created", mode: "off" });
    expect(await send(event({}))).not.toHaveProperty("warnings");
    expect(countOf(metrics, "warned")).toBe(2);
    expect(countOf(metrics, "valid")).toBe(1);
    expect(countOf(metrics, "refused")).toBe(0);
  });

  test.each<[string, object, Readonly<Record<string, string>>, number]>([
    ["no data", { type: "order.created" }, {}, 422],
    ["null for data", event(null), {}, 422],
    ["text", event("total", { datacontenttype: "text/plain" }), {}, 202],
    ["bytes", { type: "order.created", data_base64: "AA==" }, {}, 202],
    ["JSON by another name", event({}, { datacontenttype: "application/vnd.shop+json" }), {}, 422],
    [
      "JSON in binary mode",
      {},
      { "ce-type": "order.created", "ce-id": "1", "ce-source": "/shop", "ce-specversion": "1.0" },
      422,
    ],
  ])("with %s: %#", async (_, body, headers, status) => {
    expect((await (await enforced()).send(body, headers)).status).toBe(status);
  });

  test("names the version that it was made for: that one counts, if it is one of its type", async () => {
    const { register, send } = await enforced();
    const { id } = await register({ type: "other", mode: "enforce", schema: { type: "string" } });
    const wider = { ...order, required: [] };
    expect(await register({ type: "order.created", schema: wider })).toMatchObject({ version: 2, mode: "enforce" });
    const named = (schema: unknown) => event({}, { dataschema: `https://edge.example/schemas/ids/${schema}` });
    expect((await send(event({}))).status).toBe(202);
    expect((await send(named(1))).status).toBe(422);
    expect((await send(named(id))).status).toBe(202);
    expect((await send(named(999))).status).toBe(202);
  });

  test("is passed on byte for byte: numbers that no double holds, escapes, spaces", async () => {
    const { app, send } = await enforced();
    const data = '{ "total" : 12345678901234567890.10 , "n":1e400,"\\u0061":"\\/" }';
    const body = `{"specversion":"1.0","id":"1","source":"/shop","type":"order.created","time":"2026-11-30T00:00:00Z","data":${data}}`;
    expect((await send(body)).status).toBe(202);
    const chunks = (await entriesOf(app)).flatMap((entry) => ("chunk" in entry ? [entry.chunk] : []));
    expect(Buffer.concat(chunks).includes(body)).toBe(true);
  });
});

describe("a type without a schema costs one look into a map", () => {
  test("its bytes are not parsed, nothing is counted and nothing checked", async () => {
    const metrics = createMetricsSpy();
    const { send } = await enforced({ metrics });
    // The check of the schema is made with the first of its events.
    await send(event({ total: 1 }));
    const { parse } = JSON;
    let parsed = 0;
    JSON.parse = (...args: Parameters<typeof parse>) => {
      parsed++;
      return parse(...args);
    };
    try {
      await send({ type: "free", data: { any: 1 } });
      const without = parsed;
      await send(event({ total: 1 }));
      expect([without, parsed - without]).toEqual([0, 1]);
    } finally {
      JSON.parse = parse;
    }
    expect(metrics.of("spillway_schema_checks_total")).toHaveLength(2);
  });
});

test("after 64 KiB that were judged others have their turn, once", async () => {
  const app = await createAppWorld();
  await app.world.schemas.add("order.created", 1, JSON.stringify(order), "enforce", "other");
  const cache = createSchemaCache(app.world.schemas, { clock: app.clock, log: silentLog });
  await cache.start(new AbortController().signal);
  const judge = createSchemaJudge(cache, noMetrics);
  const bytes = new TextEncoder().encode(JSON.stringify(event({ total: 1, note: "x".repeat(30_000) })));
  const turns = ["free", ...Array(4).fill("order.created")].map((type) => {
    judge.of(type, bytes);
    return judge.isTurnOver();
  });
  expect(turns).toEqual([false, false, false, true, false]);
});

describe("registering", () => {
  test("is for nobody unless told, for no page, and not without a key", async () => {
    const { register } = await world({ schemaKeys: [] });
    expect(await register({ type: "t", schema: true })).toMatchObject({ status: 403, code: "schema_forbidden" });
    const { app } = await world();
    const anonymous = await app.post("{}", { authorization: "" }, "/v1/schemas");
    expect(anonymous.status).toBe(401);
  });

  test("a version that may not follow is refused with the reason, and one that is there is not added again", async () => {
    const { register } = await enforced();
    const refused = await register({ type: "order.created", schema: { ...order, required: ["total", "items"] } });
    expect(refused).toMatchObject({
      status: 409,
      code: "incompatible_schema",
      detail: expect.stringMatching(/version 1/),
    });
    expect(refused.errors).toEqual([
      { code: "incompatible_schema", detail: '"items" was not required before', pointer: "/schema/required" },
    ]);
    expect(await register({ type: "order.created", schema: order })).toMatchObject({
      status: 200,
      version: 1,
      mode: "enforce",
    });
    expect(await register({ type: "order.created", schema: { ...order, title: "An order" } })).toMatchObject({
      status: 201,
      version: 2,
    });
    expect(await register({ type: "order.created", schema: order, mode: "off" })).toMatchObject({
      status: 200,
      version: 1,
      mode: "off",
    });
  });

  test.each<[string, unknown, number, string]>([
    ["no JSON", "{", 400, "invalid_json"],
    ["a list", [], 422, "invalid_schema"],
    ["nothing to do", { type: "t" }, 422, "invalid_schema"],
    ["a mode of a type without a schema", { type: "t", mode: "enforce" }, 422, "invalid_schema"],
    ["a mode that is none", { type: "t", mode: "strict", schema: true }, 422, "invalid_schema"],
    ["another member", { type: "t", schema: true, compatibility: "NONE" }, 422, "invalid_schema"],
    ["no type", { schema: true }, 422, "invalid_schema"],
    ["a type with a line feed", { type: "a\nb", schema: true }, 422, "invalid_schema"],
    ["a long type", { type: "t".repeat(257), schema: true }, 422, "invalid_schema"],
    ["a keyword that is not read", { type: "t", schema: { if: true } }, 422, "invalid_schema"],
    ["a pattern that is not linear", { type: "t", schema: { pattern: "^(a+)+$" } }, 422, "invalid_schema"],
    ["a schema that is too large", { type: "t", schema: { title: "x".repeat(65_536) } }, 422, "invalid_schema"],
    ["a body that is too large", { type: "t", schema: { title: "x".repeat(300_000) } }, 413, "body_too_large"],
  ])("%s is refused: %#", async (_, body, status, code) => {
    expect(await (await world()).register(body)).toMatchObject({ status, code });
  });

  test("ends at 100 versions of a type", async () => {
    const { app, register } = await world();
    for (let n = 1; n <= 100; n++)
      await app.world.schemas.add("t", n, JSON.stringify({ title: String(n) }), null, "shop");
    expect(await register({ type: "t", schema: { title: "more" } })).toMatchObject({
      status: 409,
      code: "too_many_schemas",
    });
  });

  test("is 503 while Postgres is away, and events go on by what is known", async () => {
    const { app, register, send } = await enforced();
    app.world.outages.start("postgres");
    expect(await register({ type: "t", schema: true })).toMatchObject({ status: 503, code: "unavailable" });
    await app.clock.advance(10_000);
    expect((await send(event({}))).status).toBe(422);
    expect((await send(event({ total: 1 }))).status).toBe(202);
    expect(app.logged.filter((line) => line.includes("schemas.unavailable"))).toHaveLength(1);
    app.world.outages.end("postgres");
    await app.clock.advance(10_000);
    expect(app.logged.filter((line) => line.includes("schemas.current"))).toHaveLength(2);
  });
});

describe("what is registered elsewhere", () => {
  test("counts here two seconds later, a mode, too, and what Postgres has lost does not count after a minute", async () => {
    const { app, send } = await world();
    const { schemas, rememberPostgres } = app.world;
    const bringBack = rememberPostgres();
    await schemas.add("order.created", 1, JSON.stringify(order), "enforce", "other");
    expect((await send(event({}))).status).toBe(202);
    await app.clock.advance(2_100);
    expect((await send(event({}))).status).toBe(422);
    await schemas.setMode("order.created", "off");
    await app.clock.advance(2_100);
    expect((await send(event({}))).status).toBe(202);
    await schemas.setMode("order.created", "enforce");
    await app.clock.advance(2_100);
    bringBack();
    await schemas.add("a", 1, "true", null, "other");
    await schemas.add("b", 1, "true", null, "other");
    await schemas.add("c", 1, "true", null, "other");
    await schemas.add("d", 1, "true", null, "other");
    await app.clock.advance(62_000);
    expect((await send(event({}))).status).toBe(202);
  });

  test("is not known to an edge that starts without Postgres: events are taken, and counted as such", async () => {
    const metrics = createMetricsSpy();
    const app = await createAppWorld({ metrics });
    await app.world.schemas.add("order.created", 1, JSON.stringify(order), "enforce", "other");
    app.world.outages.start("postgres");
    await app.schemas.start(new AbortController().signal);
    expect((await app.post(JSON.stringify(event({})))).status).toBe(202);
    expect(countOf(metrics, "not_known")).toBe(1);
    const answer = await app.get("/subjects", { headers: { authorization: `Bearer ${KEY}` } });
    expect([answer.status, await answer.json()]).toEqual([500, expect.objectContaining({ error_code: 50001 })]);
    app.world.outages.end("postgres");
    await app.clock.advance(2_100);
    expect((await app.post(JSON.stringify(event({})))).status).toBe(422);
  });

  test("and cannot be read by this edge is not judged, and counted as such", async () => {
    const metrics = createMetricsSpy();
    const { app, send } = await world({ metrics });
    await app.world.schemas.add("order.created", 1, '{"newKeyword":1}', "enforce", "newer");
    await app.clock.advance(2_100);
    expect((await send(event({}))).status).toBe(202);
    expect(countOf(metrics, "not_readable")).toBe(1);
  });
});

describe("the registry", () => {
  const ask = async (app: AppWorld, path: string, authorization = `Bearer ${KEY}`) => {
    const response = await app.get(path, { headers: { authorization } });
    expect(response.headers.get("content-type")).toBe("application/vnd.schemaregistry.v1+json");
    expect(response.headers.get("x-request-id")).toBeTruthy();
    return [response.status, await response.json()];
  };

  test("tells what there is", async () => {
    const { app, register } = await enforced();
    const { id } = await register({ type: "a/b c", schema: { title: "é" } });
    await register({ type: "a/b c", schema: { title: "another" } });
    expect(await ask(app, "/subjects")).toEqual([200, ["a/b c", "order.created"]]);
    expect(await ask(app, "/subjects/a%2Fb%20c/versions")).toEqual([200, [1, 2]]);
    const first = { subject: "a/b c", version: 1, id, schemaType: "JSON", schema: '{"title":"é"}' };
    expect(await ask(app, "/subjects/a%2Fb%20c/versions/1")).toEqual([200, first]);
    for (const latest of ["latest", "-1"])
      expect(await ask(app, `/subjects/a%2Fb%20c/versions/${latest}`)).toEqual([
        200,
        expect.objectContaining({ version: 2 }),
      ]);
    expect(await ask(app, `/schemas/ids/${id}`)).toEqual([200, { schemaType: "JSON", schema: '{"title":"é"}' }]);
    expect(await ask(app, "/schemas/types")).toEqual([200, ["JSON"]]);
    expect(await ask(app, "/config")).toEqual([200, { compatibilityLevel: "BACKWARD" }]);
    expect(await ask(app, "/config/order.created")).toEqual([200, { compatibilityLevel: "BACKWARD" }]);
  });

  test.each([
    ["/subjects/x/versions", 404, 40401],
    ["/subjects/x/versions/1", 404, 40401],
    ["/subjects/order.created/versions/9", 404, 40402],
    ["/subjects/order.created/versions/0", 422, 42202],
    ["/subjects/order.created/versions/x", 422, 42202],
    ["/subjects/%/versions", 404, 40401],
    ["/schemas/ids/999", 404, 40403],
    ["/schemas/ids/x", 404, 40403],
    ["/config/x", 404, 40401],
  ])("%s is %d, %d", async (path, status, error_code) => {
    const { app } = await enforced();
    expect(await ask(app, path)).toEqual([status, { error_code, message: expect.any(String) }]);
  });

  test("knows the key as Bearer, and as the password of Basic, and nobody else", async () => {
    const { app } = await world();
    const basic = (text: string) => `Basic ${btoa(text)}`;
    expect(await ask(app, "/subjects", basic(`anybody:${KEY}`))).toEqual([200, []]);
    for (const wrong of ["", "Bearer wrong", basic("anybody:wrong"), basic(`${KEY}:`), "Basic ====", `Basic ${KEY}`])
      expect(await ask(app, "/subjects", wrong)).toEqual([401, expect.objectContaining({ error_code: 40101 })]);
  });
});
