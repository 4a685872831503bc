import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, describe, expect, test } from "vitest";
import { createAppWorld, KEY } from "../app.fixture.ts";
import { type BodyForm, mediaTypeOf, mediaTypesOf } from "../media-type.ts";
import { type ProblemCode, problems } from "../problem.ts";
import { routePaths, routes } from "../routes.ts";
import { limitsExample } from "./limits.ts";

type Examples = Readonly<Record<string, { readonly value: unknown }>>;
type Content = Readonly<Record<string, { readonly schema?: unknown; readonly examples?: Examples }>>;
type Operation = {
  readonly operationId: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly unknown[];
  readonly responses: Readonly<Record<string, { readonly content: Content; readonly headers?: object }>>;
  readonly requestBody?: { readonly content: Content; readonly description: string };
};
type Document = {
  readonly tags: readonly { readonly name: string }[];
  readonly components: {
    readonly schemas: {
      readonly EventError: { readonly required: readonly string[] };
      readonly Limits: {
        readonly properties: Readonly<Record<string, { readonly description: string }>>;
        readonly required: readonly string[];
      };
    };
  };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

let document: Document;
beforeAll(async () => {
  document = (await (await (await createAppWorld()).get("/openapi.json")).json()) as Document;
});
type ProblemSchema = {
  readonly allOf?: readonly [object, { readonly properties: { readonly code: { enum: string[] } } }];
};
const codesIn = (schema: unknown) => (schema as ProblemSchema).allOf?.[1].properties.code.enum;
const operations = () => Object.values(document.paths).flatMap((methods) => Object.values(methods));

describe("openapi.json", () => {
  test("is valid OpenAPI 3.1, every reference leads somewhere", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)));
    expect(errors ?? []).toEqual([]);
    expect([valid, validator.version]).toEqual([true, "3.1"]);
    expect(() => validator.resolveRefs()).not.toThrow();
  });

  test("can be made into a client: servers, a name for every operation, and who has to say who he is", () => {
    expect(document.servers).toEqual([{ url: "/" }]);
    const names = operations().map(({ operationId }) => operationId);
    expect(names).toEqual([...new Set(names)]);
    for (const operation of operations()) {
      expect(operation.operationId).toMatch(/^[a-zA-Z]+$/);
      expect(Array.isArray(operation.security)).toBe(true);
    }
    expect(document.paths["/v1/events"]?.post?.requestBody?.description).toContain("40000 bytes");
  });

  test("says of every operation what it is, and groups them", () => {
    const names = document.tags.map(({ name }) => name);
    for (const operation of operations()) {
      expect(operation.description).toMatch(/\w\.$/);
      expect(names).toContain(operation.tags[0]);
    }
    expect(new Set(operations().flatMap(({ tags }) => tags))).toEqual(new Set(names));
  });

  test("has examples with the members of real answers, and one of every problem", async () => {
    const app = await createAppWorld();
    const prefer = { prefer: "return=representation" };
    const answers = {
      one: await app.post(event),
      batch: await app.post(`[${event}]`),
      represented: await app.post(`[${event}]`, prefer),
      mixed: await app.post(`[${event},{}]`),
    };
    const { responses } = document.paths["/v1/events"]!.post!;
    const examples = { ...responses[202]!.content["application/json"]!.examples };
    Object.assign(examples, responses[207]!.content["application/json"]!.examples);
    expect(Object.keys(examples)).toEqual(Object.keys(answers));
    const shapeOf = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
      if (typeof value !== "object" || value === null) return typeof value;
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]));
    };
    for (const [name, answer] of Object.entries(answers))
      expect(shapeOf(examples[name]?.value), name).toEqual(shapeOf(await answer.json()));
    const refusal = (await (await app.post("{")).json()) as { code: string };
    const problem = responses[400]!.content["application/problem+json"]!.examples?.[refusal.code];
    expect(shapeOf(problem?.value)).toEqual(shapeOf(refusal));
    for (const { content } of operations().flatMap(({ responses }) => Object.values(responses)))
      for (const { schema, examples } of Object.values(content ?? {}))
        expect(Object.keys(examples ?? {})).toEqual(codesIn(schema) ?? Object.keys(examples ?? {}));
  });

  test("an event's errors are declared", async () => {
    const { errors } = (await (await (await createAppWorld()).post('{"type":7,"time":"x"}')).json()) as {
      errors: object[];
    };
    const { required } = document.components.schemas.EventError;
    expect(errors.map((error) => Object.keys(error))).toEqual([required, required]);
  });

  test("has every problem of the table, at its status", () => {
    const declared = JSON.stringify(document.paths["/v1/events"]);
    const ofSchemas = ["schema_forbidden", "invalid_schema", "incompatible_schema", "too_many_schemas"];
    const elsewhere: readonly string[] = ["not_found", "method_not_allowed", ...ofSchemas];
    for (const code of ofSchemas) expect(JSON.stringify(document.paths["/v1/schemas"])).toContain(`"${code}"`);
    const ofLookups: readonly string[] = ["event_not_seen", "too_many_lookups", "lookup_unavailable"];
    const lookup = document.paths["/v1/events/{id}"]?.get?.responses;
    for (const [code, { status }] of Object.entries(problems)) {
      if (elsewhere.includes(code)) continue;
      if (ofLookups.includes(code)) {
        expect(JSON.stringify(lookup?.[status])).toContain(`"${code}"`);
        continue;
      }
      const answer = document.paths["/v1/events"]?.post?.responses[status];
      expect(JSON.stringify(answer)).toContain(`"${code}"`);
      expect(declared).toContain(code);
    }
  });
});

describe("a path of the table of routes", () => {
  test.each(routePaths)("%s is answered, in the document and on the page, and refuses other methods", async (path) => {
    const app = await createAppWorld();
    const { method, summary } = routes[path];
    const { status } = await app.get(path, { method });
    expect([404, 405]).not.toContain(status);
    const refused = await app.get(path, { method: "PATCH" });
    expect([refused.status, refused.headers.get("allow")?.split(", ")[0]]).toEqual([405, method]);
    expect((await app.get(`${path}/`, { method })).status).toBe(status);
    expect((await app.get(`${path}/`, { method: "PATCH" })).status).toBe(405);
    expect((await app.get(`${path}//`, { method })).status).toBe(404);
    expect(document.paths[path]?.[method.toLowerCase()]).toMatchObject({ summary });
    expect(await (await app.get("/docs")).text()).toContain(`<code>${method} ${path}</code></td><td>${summary}`);
  });

  test("is all that there is", () => {
    expect(Object.keys(document.paths)).toEqual(routePaths);
  });
});

describe("the limits", () => {
  const limitsOf = async () => {
    const answer = await (await createAppWorld()).get("/v1/limits");
    return (await answer.json()) as Record<string, number>;
  };

  test("are told to machines, with the dedup window, and mean the same on the page and in the document", async () => {
    const limits = await limitsOf();
    expect(limits).toEqual({
      body_bytes_max: 40_000,
      body_timeout_ms: 30_000,
      batch_events_max: 100,
      event_bytes_max: 10_000,
      depth_max: 8,
      members_max: 100,
      attribute_characters_max: 1_024,
      extension_name_characters_max: 64,
      dedup_window_seconds: 600,
      lookups_per_second: 20,
    });
    const page = await (await (await createAppWorld()).get("/docs")).text();
    const { properties, required } = document.components.schemas.Limits;
    expect(required).toEqual(Object.keys(limits));
    for (const [name, value] of Object.entries(limits))
      expect(page).toContain(`<code>${name}</code></td><td>${value} ${properties[name]?.description}`);
  });

  test("hold: one more event, byte or level is refused", async () => {
    const limits = await limitsOf();
    const app = await createAppWorld();
    const codeOf = async (body: string) => ((await (await app.post(body)).json()) as { code?: string }).code;
    expect(await codeOf(`[${Array(limits.batch_events_max! + 1).fill(event)}]`)).toBe("batch_too_large");
    expect(await codeOf(`[${Array(limits.batch_events_max!).fill(event)}]`)).toBeUndefined();
    // Nothing has to be filled in: that counts, too.
    const whole = `{"specversion":"1.0","id":"i","source":"/s","time":"2026-11-21T00:00:00Z","type":"t","data":""}`;
    const padded = (bytes: number) => whole.replace('""', `"${"x".repeat(bytes - whole.length)}"`);
    expect(await codeOf(padded(limits.event_bytes_max! + 1))).toBe("event_too_large");
    expect(await codeOf(padded(limits.event_bytes_max!))).toBeUndefined();
    const nested = (depth: number) => `{"type":"t","data":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect(await codeOf(nested(limits.depth_max! + 1))).toBe("event_too_deep");
    expect(await codeOf(nested(limits.depth_max!))).toBeUndefined();
  });
});

const event = '{"type":"t"}';
type Call = readonly [path: string, init: RequestInit, expected: number | ProblemCode];
const authorization = `Bearer ${KEY}`;
const post = (body: string, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: "POST",
  body,
  headers: { authorization, "content-type": "application/json", ...headers },
});

/** One request for each kind of answer that a client can bring about. */
const calls: readonly Call[] = [
  ["/v1/events", post(event), 202],
  ["/v1/events", post(`[${event}]`), 202],
  ["/v1/events", post(`[${event},{}]`), 207],
  ["/v1/batch", post(`{"events":[${event}]}`), 202],
  ["/v1/batch", post(`[${event},{}]`), 207],
  ["/v1/batch", post("[{}]"), "none_valid"],
  ["/v1/batch", post(event), "not_a_batch"],
  ["/v1/events", post("{"), "invalid_json"],
  ["/v1/events", post(event, { "idempotency-key": "" }), "invalid_idempotency_key"],
  ["/v1/events", post(event, { "spillway-durability": "some" }), "invalid_durability"],
  ["/v1/events", post(event, { "spillway-durability": "both" }), "durability_forbidden"],
  ["/v1/events", post(event, { trailer: "x" }), "unsupported_trailers"],
  ["/v1/events", post(event, { host: "a, b" }), "malformed_request"],
  ["/v1/events", post(event, { authorization: "" }), "unauthorized"],
  ["/v1/events", post(" ".repeat(40_001)), "body_too_large"],
  ["/v1/events", post(event, { "content-type": "text/plain" }), "unsupported_media_type"],
  ["/v1/events", post(event, { expect: "junk" }), "unsupported_expectation"],
  ["/v1/events", post("{}"), "missing_attribute"],
  ["/v1/schemas", post('{"type":"t","schema":true}'), 201],
  ["/v1/schemas", post('{"type":"t","schema":{"if":true}}'), "invalid_schema"],
  ["/v1/schemas", post('{"type":"t","schema":true}', { authorization: "" }), "unauthorized"],
  ["/v1/schemas", post("{}", { "content-type": "text/plain" }), "unsupported_media_type"],
  ["/subjects", { headers: { authorization } }, 200],
  ["/subjects", {}, 401],
  ["/subjects/{subject}/versions", { headers: { authorization } }, 404],
  ["/subjects/{subject}/versions/{version}", { headers: { authorization } }, 404],
  ["/schemas/ids/{id}", { headers: { authorization } }, 404],
  ["/schemas/types", { headers: { authorization } }, 200],
  ["/config", { headers: { authorization } }, 200],
  ["/config/{subject}", { headers: { authorization } }, 404],
  ["/v1/events/{id}", {}, "unauthorized"],
  ["/v1/events/{id}", { headers: { authorization } }, "event_not_seen"],
  ["/v1/limits", {}, 200],
  ["/livez", {}, 200],
  ["/livez", { headers: { host: "a, b" } }, "malformed_request"],
  ["/readyz", {}, 200],
  ["/metrics", {}, 200],
  ["/openapi.json", {}, 200],
  ["/docs", {}, 200],
];

const declaredContent = (path: string, { method = "GET" }: RequestInit, status: number): Content =>
  document.paths[path]?.[method.toLowerCase()]?.responses[status]?.content ?? {};

describe("what is answered is declared", () => {
  test.each(calls.map((call) => [call[0], call[2], call[1]] as const))("%s: %s", async (path, expected, init) => {
    const app = await createAppWorld({ schemaKeys: ["shop"] });
    await app.schemas.start(new AbortController().signal);
    const response = await app.get(path, init);
    const contentType = response.headers.get("content-type")?.split(";")[0] ?? "";
    const declared = declaredContent(path, init, response.status)[contentType];
    expect(declared).toBeDefined();
    if (typeof expected === "number") expect(response.status).toBe(expected);
    else {
      expect(await response.json()).toMatchObject({ code: expected });
      expect(JSON.stringify(declared)).toContain(`"${expected}"`);
    }
  });

  test("down, closed and broken, too", async () => {
    const app = await createAppWorld({ metricsAccess: "closed" });
    app.world.outages.start("redis");
    app.world.outages.start("postgres");
    const answers: readonly Call[] = [
      ["/readyz", {}, 503],
      ["/metrics", {}, 404],
      ["/v1/events", post(event), 503],
    ];
    for (const [path, init, status] of answers) {
      const response = await app.get(path, init);
      expect(response.status).toBe(status);
      expect(declaredContent(path, init, response.status)).toHaveProperty([response.headers.get("content-type") ?? ""]);
    }
    Object.assign(app.committer, { commit: () => Promise.reject(new Error()) });
    expect((await app.get("/v1/events", post(event))).status).toBe(500);
    expect(declaredContent("/v1/events", post(event), 500)).toHaveProperty(["application/problem+json"]);
  });

  test("and whatever content type the edge takes", () => {
    const taken = (path: string) => Object.entries(document.paths[path]?.post?.requestBody?.content ?? {});
    expect(taken("/v1/events").map(([mediaType]) => mediaType)).toEqual([...mediaTypesOf(false), "text/plain", "*/*"]);
    expect(taken("/v1/batch").map(([mediaType]) => mediaType)).toEqual([...mediaTypesOf(true), "text/plain"]);
    const withoutSchema = [...taken("/v1/events"), ...taken("/v1/batch")].filter(([, { schema }]) => !schema);
    expect(withoutSchema, "schemaOf in operation.ts has none for it").toEqual([]);
  });

  const whole = '{"specversion":"1.0","id":"i","source":"/s","type":"t"}';
  /** One event in each form; a form that is new has its own here. */
  const bodies: Readonly<Record<BodyForm, string>> = {
    json: `[${event}]`,
    structured: whole,
    batch: `[${whole}]`,
    lines: event,
    binary: "",
  };
  test.each([
    ["/v1/events", "text/plain"],
    ["/v1/batch", "text/plain"],
    ["/v1/batch", "application/cloudevents+json"],
  ])("%s refuses %s and says in Accept-Post what it takes: each of that it does take", async (path, contentType) => {
    const app = await createAppWorld();
    const refused = await app.get(path, post(event, { "content-type": contentType }));
    const offered = refused.headers.get("accept-post") ?? "";
    const declared = document.paths[path]?.post?.responses[415]?.headers;
    expect(declared).toMatchObject({ "Accept-Post": { schema: { const: offered } } });
    for (const mediaType of offered.split(", ")) {
      const media = mediaTypeOf(new Headers({ "content-type": mediaType }), false, false);
      const body = media.kind === "ok" ? bodies[media.form] : "";
      const { status } = await app.get(path, post(body, { "content-type": mediaType }));
      expect([mediaType, status]).toEqual([mediaType, 202]);
    }
  });
});

test("every status of every operation is declared with an example", () => {
  for (const { operationId, responses } of operations())
    for (const [status, { content }] of Object.entries(responses))
      for (const [mediaType, { examples }] of Object.entries(content))
        expect([operationId, status, mediaType, Object.keys(examples ?? {}).length > 0]).toEqual([
          operationId,
          status,
          mediaType,
          true,
        ]);
});

test("the example of the limits has each of them, and / shows where to begin", async () => {
  const { get } = await createAppWorld();
  expect(Object.keys(limitsExample)).toEqual(Object.keys((await (await get("/v1/limits")).json()) as object));
  const response = await get("/", { headers: { host: "events.example" } });
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  const page = await response.text();
  expect(page).toContain("curl -i http://events.example/v1/events");
  for (const [, path] of page.matchAll(/href="([^"]+)"/g)) expect((await get(path ?? "")).status).toBe(200);
  expect(page).not.toMatch(/<script|src=/);
});

describe("docs", () => {
  const pageFor = async (headers: Readonly<Record<string, string>>) =>
    (await (await createAppWorld()).get("/docs", { headers })).text();

  test("is one page without scripts and without anything from elsewhere, with a place for every code", async () => {
    const response = await (await createAppWorld()).get("/docs");
    const page = await response.text();
    for (const code of Object.keys(problems)) expect(page).toContain(`id="${code}"`);
    expect(page).not.toMatch(/<script|src=|@import|url\(/);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'/);
  });

  test.each([
    [{ host: "edge.example:8787" }, "http://edge.example:8787"],
    [{ host: "[::1]:8787" }, "http://[::1]:8787"],
    [
      { host: "10.0.0.1:80", "x-forwarded-host": "events.example, 10.0.0.1", "x-forwarded-proto": "https" },
      "https://events.example",
    ],
    [{ host: "edge", "x-forwarded-proto": "javascript" }, "http://edge"],
    [{ host: "a$(id)" }, "$EDGE_URL"],
    [{ host: "edge", "x-forwarded-host": '"><script>alert(1)</script>' }, "$EDGE_URL"],
    [{ host: "edge", "x-forwarded-host": "a;rm -rf $HOME" }, "$EDGE_URL"],
    [{ host: "edge", "x-forwarded-host": "$(id)" }, "$EDGE_URL"],
    [{}, "$EDGE_URL"],
  ])("for %j has curls that go to %s", async (headers, origin) => {
    const page = await pageFor(headers);
    expect(page).toContain(`curl -i ${origin}/v1/events`);
    expect(page).toContain(`curl -i ${origin}/v1/batch`);
    expect(page).not.toMatch(/<script|rm -rf|\$\(id\)/);
  });
});
