import { createMetricsSpy } from "@spillway/telemetry/metrics-spy";
import { describe, expect, test } from "vitest";
import { createAppWorld, KEY } from "./app.fixture.ts";

const event = '{"type":"t"}';
const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code?: unknown }).code;
const gzip = async (text: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(
    await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );

describe("every answer", () => {
  const requests: readonly (readonly [string, RequestInit])[] = [
    ["/v1/events", { method: "POST" }],
    [
      "/v1/events",
      { method: "POST", body: event, headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" } },
    ],
    ["/v1/events", { method: "GET" }],
    ["/livez", {}],
    ["/readyz", {}],
    ["/metrics", {}],
    ["/openapi.json", {}],
    ["/docs", {}],
    ["/nothing", {}],
  ];

  test.each(requests)("%s %j has a request id, is not to be kept and not to be guessed at", async (path, init) => {
    const { headers } = await (await createAppWorld()).get(path, init);
    expect(headers.get("x-request-id")).toMatch(/^[\w-]{1,128}$/);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-type")).toMatch(/^(application|text)\//);
    expect(headers.has("server")).toBe(false);
  });

  test("is counted by its code when it refuses the request as a whole", async () => {
    const metrics = createMetricsSpy();
    const app = await createAppWorld({ metrics });
    await app.get("/nothing");
    await app.post("{");
    await app.post(event);
    const counted = metrics.of("spillway_http_problems_total").map(({ labels }) => labels.code);
    expect(counted).toEqual(["not_found", "invalid_json"]);
  });

  test("carries the sender's request id if it is one, else a new one each time", async () => {
    const app = await createAppWorld();
    const idFor = async (sent: string) =>
      (await app.get("/nothing", { headers: { "x-request-id": sent } })).headers.get("x-request-id");
    expect(await idFor("abc-DEF_123")).toBe("abc-DEF_123");
    const replaced = await Promise.all(["a b", "x".repeat(129), "<script>"].map(idFor));
    expect(new Set(replaced).size).toBe(3);
    expect(replaced.join()).not.toMatch(/a b|xxx|script/);
  });

  test("to a bug is a 500 that says nothing, and the log names the request", async () => {
    const app = await createAppWorld();
    Object.assign(app.committer, { commit: () => Promise.reject(new Error(`secret ${event}`)) });
    const response = await app.post(event, { "x-request-id": "r1" });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(app.logged).toContain(
      '{"level":"error","event":"request.failed","route":"/v1/events","request_id":"r1","error":"Error"}',
    );
  });

  test("outlives a tier that breaks its contract, and the log has its name only", async () => {
    const app = await createAppWorld();
    Object.assign(app.world.streams, {
      append: () => {
        throw new TypeError(`secret ${event}`);
      },
    });
    expect((await app.post(event)).status).toBe(202);
    expect(app.logged).toContain('{"level":"error","event":"tier.threw","tier":"stream","error":"TypeError"}');
    expect(app.logged.join()).not.toContain("secret");
  });
});

describe("who may send", () => {
  const NONE = 'Bearer realm="spillway"';
  const INVALID = `${NONE}, error="invalid_token"`;
  const FORM = "send it as Authorization: Bearer <key>";
  /* Each mistake has its words; RFC 6750 §3.1: an error code is for who sent a token. */
  test.each<readonly [Record<string, string>, string, string]>([
    [{}, NONE, `there is no key: ${FORM}`],
    [{ authorization: "" }, NONE, `there is no key: ${FORM}`],
    [{ "x-api-key": KEY }, NONE, `X-Api-Key is not read here: take the key from it and ${FORM}`],
    [{ authorization: "Bearer" }, NONE, `there is no key behind Bearer: ${FORM}`],
    [
      { authorization: `Basic ${KEY}` },
      NONE,
      `Basic is not accepted, with the key as a name or as a password: ${FORM}`,
    ],
    [{ authorization: `Digest ${KEY}` }, NONE, `this scheme is not accepted: ${FORM}`],
    [{ authorization: KEY }, NONE, `the word Bearer is missing before what may be the key: ${FORM}`],
    [{ authorization: `Bearer ${KEY}x` }, INVALID, "no such key"],
    [
      { authorization: `Bearer ${KEY}, Bearer ${KEY}` },
      INVALID,
      "behind Bearer there must be one key, once, with nothing behind it",
    ],
  ])("%j may not, and is told why, and nothing of what it holds", async (headers, challenge, detail) => {
    const app = await createAppWorld();
    for (const path of ["/v1/events", `/v1/events?api_key=${KEY}`, "/v1/batch"]) {
      const response = await app.get(path, {
        method: "POST",
        body: event,
        headers: { "content-type": "application/json", ...headers },
      });
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, challenge]);
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ code: "unauthorized", detail });
      expect(text).not.toContain(KEY);
    }
    expect([0, 1, 2, 3].map((shard) => app.world.streams.counts(shard).accepted)).toEqual([0, 0, 0, 0]);
    expect(app.logged.join()).not.toContain(KEY);
  });

  test("is asked while both tiers are down, too", async () => {
    const app = await createAppWorld();
    app.world.outages.start("redis");
    app.world.outages.start("postgres");
    expect((await app.post(event, { authorization: "Bearer wrong" })).status).toBe(401);
  });
});

describe("paths and methods", () => {
  test.each(["PUT", "GET", "HEAD", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])(
    "%s /v1/events is 405 with Allow",
    async (method) => {
      const response = await (await createAppWorld()).get("/v1/events", { method });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
      expect(response.headers.has("access-control-allow-origin")).toBe(false);
    },
  );

  test.each(["/livez", "/readyz", "/metrics", "/docs", "/openapi.json"])("POST %s is 405 with Allow", async (path) => {
    const response = await (await createAppWorld()).get(path, { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test.each([
    "/v1",
    "/v1/events//",
    "//v1/events",
    "/v1%2fevents",
    "/V1/events",
    "/v1/events;a",
    "/debug",
    "/.env",
    "/healthz",
    "/app.ts.map",
  ])("%s is not there", async (path) => {
    const app = await createAppWorld();
    const response = await app.get(`http://edge${path}`, {
      method: "POST",
      body: event,
      headers: { "content-type": "application/json" },
    });
    expect([response.status, await codeOf(response)]).toEqual([404, "not_found"]);
  });
});

describe("bodies", () => {
  test.each([
    [{ "content-type": "text/plain" }, 415, "unsupported_media_type", "accept-post"],
    [{ "content-type": "application/x-www-form-urlencoded" }, 415, "unsupported_media_type", "accept-post"],
    [{ "content-type": "" }, 415, "unsupported_media_type", "accept-post"],
    [{ "content-type": "application/cloudevents+xml" }, 415, "unsupported_media_type", "accept-post"],
    [{ "content-type": "application/json; charset=utf-16" }, 415, "unsupported_charset", "accept-post"],
    [{ "content-type": 'application/json; charset="UTF-8"' }, 202, undefined, null],
    [{ "content-type": "Application/JSON;charset=utf-8" }, 202, undefined, null],
    [{ "content-encoding": "br" }, 415, "unsupported_content_encoding", "accept-encoding"],
    [{ "content-encoding": "gzip, gzip" }, 415, "unsupported_content_encoding", "accept-encoding"],
    [{ "content-encoding": "identity" }, 202, undefined, null],
  ])("with %j is answered %i", async (headers, status, code, says) => {
    const response = await (await createAppWorld()).post(event, headers);
    expect([response.status, await codeOf(response)]).toEqual([status, code]);
    if (says !== null) expect(response.headers.get(says)).toMatch(/gzip|json/);
  });

  const bodyOf = (bytes: number) => `[{"type":"t"}${" ".repeat(bytes - 14)}]`;
  const streamed = (text: string) =>
    new ReadableStream({
      start: (controller) => {
        for (let at = 0; at < text.length; at += 1_000)
          controller.enqueue(new TextEncoder().encode(text.slice(at, at + 1_000)));
        controller.close();
      },
    });

  test.each([
    ["one below", 39_999, 202],
    ["at", 40_000, 202],
    ["one above", 40_001, 413],
  ])("%s the limit: %i bytes are %i, declared, streamed and compressed", async (_, bytes, status) => {
    const app = await createAppWorld();
    const text = bodyOf(bytes);
    const answers = [
      await app.post(text, { "content-length": String(bytes) }),
      await app.post(streamed(text)),
      await app.post(await gzip(text), { "content-encoding": "gzip" }),
    ];
    for (const response of answers) {
      expect(response.status).toBe(status);
      if (status === 413) expect(await response.json()).toMatchObject({ code: "body_too_large", limit: 40_000 });
    }
  });

  test.each([
    [`{"type":"t","data":"${"x".repeat(30_000)}"}`, 413, "event_too_large"],
    [`{"data":"${"x".repeat(30_000)}","events":[]}`, 413, "event_too_large"],
    [`[${`${event},`.repeat(1_500)}${event}]`, 413, "batch_too_large"],
    [` {"\\u0065vents":[${`{"type":"t"}${" ".repeat(9_000)},`.repeat(3)}${event}]}`, 202, undefined],
    [`${" ".repeat(30_000)}[${event}]`, 202, undefined],
  ])("%.20s is answered %i %s, compressed or not", async (text, status, code) => {
    const app = await createAppWorld();
    const answers = [await app.post(text), await app.post(await gzip(text), { "content-encoding": "gzip" })];
    for (const answer of answers) expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
  });

  test("a gzip bomb is refused when it has unfolded to the limit", async () => {
    const app = await createAppWorld();
    const bomb = await gzip(" ".repeat(30_000_000));
    expect(bomb.length).toBeLessThan(40_000);
    expect((await app.post(bomb, { "content-encoding": "gzip" })).status).toBe(413);
  });

  test("damaged gzip is 400", async () => {
    const app = await createAppWorld();
    const good = await gzip(event);
    const damaged = [
      good.slice(0, -4),
      new Uint8Array([...good, 1, 2, 3]),
      new TextEncoder().encode(event),
      good.slice(0, 3),
    ];
    for (const body of damaged) {
      const response = await app.post(body, { "content-encoding": "gzip" });
      expect([response.status, await codeOf(response)]).toEqual([400, "damaged_body"]);
    }
  });
});

describe("health", () => {
  test("livez asks nobody", async () => {
    const app = await createAppWorld();
    app.world.outages.start("redis");
    app.world.outages.start("postgres");
    expect((await app.get("/livez")).status).toBe(200);
  });

  test("readyz says what can be made durable, and why not", async () => {
    const app = await createAppWorld();
    const readiness = async () => {
      await app.clock.advance(1_000);
      const response = await app.get("/readyz");
      const { status, checks, diverted_shards } = (await response.json()) as Record<
        string,
        Record<string, { status: string }>
      >;
      return [response.status, status, checks?.stream?.status, checks?.outbox?.status, diverted_shards];
    };
    expect(await readiness()).toEqual([200, "up", "up", "up", 0]);
    app.world.outages.start("postgres");
    expect(await readiness()).toEqual([200, "degraded", "up", "down", 0]);
    app.world.outages.start("redis", "timeout");
    expect(await readiness()).toEqual([503, "down", "down", "down", 0]);
    app.world.outages.end("postgres");
    await app.post(event);
    expect(await readiness()).toEqual([200, "degraded", "down", "up", 1]);
    app.world.outages.end("redis");
    for (const shard of [0, 1, 2, 3]) app.world.outbox.remove(app.world.outbox.rows(shard));
    await app.clock.advance(3_000);
    expect(await readiness()).toEqual([200, "up", "up", "up", 0]);
    app.stop();
    expect((await readiness()).slice(0, 2)).toEqual([503, "stopping"]);
    const last = await app.post(event);
    expect([last.status, last.headers.get("connection")]).toEqual([202, "close"]);
  });
});

describe("HAProxy's checks, which are OPTIONS unless told otherwise", () => {
  test("of / succeed until the process stops", async () => {
    const app = await createAppWorld();
    const statusOf = async (path: string) => (await app.get(path, { method: "OPTIONS" })).status;
    expect(await Promise.all(["/", "/livez", "/readyz"].map(statusOf))).toEqual([204, 200, 200]);
    app.stop();
    expect(await Promise.all(["/", "/livez", "/readyz"].map(statusOf))).toEqual([503, 200, 503]);
  });
});

describe("metrics", () => {
  test("are shown where they are open, hidden where they are closed", async () => {
    expect(await (await (await createAppWorld()).get("/metrics")).text()).toBe("metric 1\n");
    const closed = await (await createAppWorld({ metricsAccess: "closed" })).get("/metrics");
    expect([closed.status, await closed.text()]).toEqual([404, expect.stringContaining("set METRICS_TOKEN")]);
  });

  test("need their token, and an API key is none", async () => {
    const app = await createAppWorld({ metricsAccess: { token: "metrics.token.0" } });
    const statusWith = async (headers: Readonly<Record<string, string>>) =>
      (await app.get("/metrics", { headers })).status;
    expect(await statusWith({})).toBe(401);
    expect(await statusWith({ authorization: `Bearer ${KEY}` })).toBe(401);
    expect(await statusWith({ authorization: "bearer  metrics.token.0" })).toBe(200);
  });
});
