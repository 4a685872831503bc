import { gzipSync } from "node:zlib";
import { decodeChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { describe, expect, test } from "vitest";
import { type AppWorld, createAppWorld } from "../app.fixture.ts";
import { mediaTypesOf } from "../media-type.ts";

type Answer = Readonly<Record<string, unknown>> & {
  readonly errors?: readonly Readonly<Record<string, unknown>>[];
};

const json = async (response: Response): Promise<Answer> => (await response.json()) as Answer;

/** What the stream holds, as text. */
const stored = ({ world }: AppWorld): string[] =>
  [0, 1, 2, 3]
    .flatMap((shard) => world.streams.entriesAfter(shard, "0", 1_000))
    .flatMap(({ chunk }) => decodeChunk(chunk, platform).events)
    .map(({ bytes }) => new TextDecoder().decode(bytes));

const complete = (id: string) =>
  `{"specversion":"1.0","id":"${id}","source":"/s","type":"t","time":"2026-01-01T00:00:00Z"}`;

describe("a single event", () => {
  test("is stored as it was sent and answered with its id, state and tier", async () => {
    const app = await createAppWorld();
    const body =
      '{"specversion":"1.0","id":"a","source":"/s","type":"t","time":"2026-01-01T00:00:00Z","data":{"n":1e400,"n":9007199254740993}}';
    const response = await app.post(body);
    expect(response.status).toBe(202);
    expect(await response.text()).toBe('{"id":"a","status":"accepted","tier":"stream","request_id":"iiiiiiiiiiii-1"}');
    expect(stored(app)).toEqual([body]);
  });

  test("gets what it lacks: an id, the key's name as source, the time", async () => {
    const app = await createAppWorld();
    const answer = await json(await app.post('{"type":"t"}'));
    expect(answer).toMatchObject({ id: "new-1", status: "accepted", tier: "stream" });
    expect(JSON.parse(stored(app)[0] ?? "")).toMatchObject({
      id: "new-1",
      source: "/shop",
      specversion: "1.0",
      type: "t",
    });
  });

  test("sent twice is one event", async () => {
    const app = await createAppWorld();
    await app.post(complete("a"));
    expect(await json(await app.post(complete("a")))).toMatchObject({ id: "a", status: "duplicate", tier: "stream" });
    expect(stored(app)).toHaveLength(1);
  });

  test("goes to the outbox when Redis is down", async () => {
    const app = await createAppWorld();
    app.world.outages.start("redis", "timeout");
    const response = await app.post(complete("a"));
    expect(response.status).toBe(202);
    expect(await json(response)).toMatchObject({ id: "a", status: "accepted", tier: "outbox" });
  });

  test("is refused with 503 when both are down, and is stored when it comes again", async () => {
    const app = await createAppWorld();
    app.world.outages.start("redis");
    app.world.outages.start("postgres");
    const response = await app.post(complete("a"));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toMatch(/^[1-3]$/);
    expect(await json(response)).toMatchObject({ code: "unavailable", retryable: true, id: "a", status: 503 });
    app.world.outages.end("redis");
    await app.clock.advance(3_000);
    expect((await app.post(complete("a"))).status).toBe(202);
  });

  test("is refused with 429 when the outbox is full", async () => {
    const app = await createAppWorld({ outboxEventsMax: 1 });
    app.world.outages.start("redis", "timeout");
    await app.post(complete("a"));
    const response = await app.post(complete("b"));
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("60");
    expect(await json(response)).toMatchObject({ code: "backlog_full", retryable: true });
  });

  test("in binary mode becomes the same event in structured mode", async () => {
    const app = await createAppWorld();
    const response = await app.post('{"n":1e400}', {
      "ce-id": "a",
      "ce-type": "t",
      "ce-source": "/s",
      "ce-specversion": "1.0",
    });
    expect(await json(response)).toMatchObject({ id: "a", status: "accepted" });
    expect(stored(app)[0]).toContain('"data":{"n":1e400}');
    const bytes = await app.post(new Uint8Array([0, 255]), {
      "ce-id": "b",
      "ce-type": "t",
      "content-type": "image/png",
    });
    expect(bytes.status).toBe(202);
    expect(stored(app).join()).toContain('"data_base64":"AP8="');
  });

  test("in binary mode is told by any of the required attributes, and then nothing else is read as one", async () => {
    const app = await createAppWorld();
    const response = await app.post(complete("a"), { "ce-id": "b", "ce-source": "/s" });
    expect([response.status, (await json(response)).code]).toEqual([422, "missing_attribute"]);
  });

  test.each([
    ["application/json; charset=latin1", {}],
    ["application/cloudevents+json; charset=utf-16", {}],
    ["application/json; charset=utf-8; charset=latin1", {}],
    ["application/json; charset=latin1", { "ce-type": "t" }],
    ["application/vnd.a+json;charset=UTF-16", { "ce-type": "t" }],
  ])("as %s is refused: its letters would be others", async (contentType, headers) => {
    const app = await createAppWorld();
    const response = await app.post(complete("a"), { "content-type": contentType, ...headers });
    expect([response.status, (await json(response)).code]).toEqual([415, "unsupported_charset"]);
  });

  test.each([
    [422, "missing_attribute", "/type", "{}"],
    [422, "invalid_attribute", "/type", '{"type":""}'],
    [422, "unsupported_specversion", "/specversion", '{"type":"t","specversion":"0.3"}'],
    [422, "invalid_attribute_name", "/UPPER", '{"type":"t","UPPER":1}'],
    [422, "conflicting_data", "/data_base64", '{"type":"t","data":1,"data_base64":""}'],
    [422, "not_an_object", "", "3"],
    [422, "event_too_deep", "", `{"type":"t","data":${"[".repeat(20)}${"]".repeat(20)}}`],
    [413, "event_too_large", "", `{"type":"t","data":"${"x".repeat(10_000)}"}`],
  ])("a refused event is answered %i %s at '%s'", async (status, code, pointer, body) => {
    const app = await createAppWorld();
    const response = await app.post(body);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await json(response)).toMatchObject({ type: `/docs#${code}`, status, code, pointer, retryable: false });
    expect(stored(app)).toEqual([]);
  });

  test.each([
    ["", "invalid_json"],
    ["{", "invalid_json"],
    ['{"type":"t"}}', "invalid_json"],
    ["\ufeff{}", "invalid_json"],
    [new Uint8Array([0x7b, 0xff, 0x7d]), "invalid_encoding"],
  ])("%j is answered 400 %s, in every form", async (body, code) => {
    const app = await createAppWorld();
    const forms = ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json"];
    for (const form of forms) {
      const response = await app.post(body, { "content-type": form });
      expect([response.status, (await json(response)).code]).toEqual([400, code]);
    }
  });
});

describe("a trace context", () => {
  const own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const other = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const headers = { traceparent: other, tracestate: "header=1" };
  const kept = ({ world }: AppWorld) =>
    [0, 1, 2, 3]
      .flatMap((shard) => world.streams.entriesAfter(shard, "0", 1_000))
      .flatMap(({ chunk }) => decodeChunk(chunk, platform).events)
      .map(({ traceparent, tracestate }) => [traceparent, tracestate]);

  test.each([
    [{ traceparent: own, tracestate: "event=1" }, [own, "event=1"]],
    [{ traceparent: own }, [own, undefined]],
    [{ traceparent: own, tracestate: "=" }, [own, undefined]],
    [{ traceparent: "wrong", tracestate: "event=1" }, [other, "header=1"]],
    [{ tracestate: "event=1" }, [other, "header=1"]],
  ])("is the event's own (%j), whole, or else the request's", async (attributes, expected) => {
    const app = await createAppWorld();
    expect((await app.post(JSON.stringify({ type: "t", ...attributes }), headers)).status).toBe(202);
    expect(kept(app)).toEqual([expected]);
  });
});

describe("a batch", () => {
  const forms: readonly (readonly [string, (events: readonly string[]) => string])[] = [
    ["application/json", (events) => `[${events.join(",")}]`],
    ["application/json", (events) => `{"events": [${events.join(" , ")}] }`],
    ["application/cloudevents-batch+json", (events) => `[${events.join(",")}]`],
    ["application/x-ndjson", (events) => `${events.join("\n")}\n\n`],
    ["application/ndjson", (events) => events.join("\n")],
    ["application/jsonl", (events) => events.join("\n")],
  ];

  test("are these: a content type that is new has its row", () => {
    expect(new Set(forms.map(([contentType]) => contentType.split(";")[0]))).toEqual(new Set(mediaTypesOf(true)));
  });

  test.each(forms)("as %s is stored event by event, on both paths", async (contentType, bodyOf) => {
    for (const path of ["/v1/events", "/v1/batch"]) {
      const app = await createAppWorld();
      const events = ["a", "b", "c", "d"].map(complete);
      const response = await app.post(bodyOf(events), { "content-type": contentType }, path);
      expect(response.status).toBe(202);
      expect(await json(response)).toMatchObject({ accepted: 4, duplicates: 0, invalid: 0, refused: 0, errors: [] });
      expect(stored(app).sort()).toEqual(events);
    }
  });

  test("with bad events answers 207 and names them", async () => {
    const app = await createAppWorld();
    await app.post(complete("old"));
    const response = await app.post(`[${complete("a")},{"id":"x"},${complete("old")},7,${complete("a")}]`);
    expect(response.status).toBe(207);
    const answer = await json(response);
    expect(answer).toMatchObject({ accepted: 1, duplicates: 2, invalid: 2, refused: 0 });
    expect(answer.request_id).toBe(response.headers.get("x-request-id"));
    expect(answer.errors).toEqual([
      {
        index: 1,
        id: "x",
        code: "missing_attribute",
        detail: '"type" is required',
        pointer: "/type",
        retryable: false,
      },
      { index: 3, id: null, code: "not_an_object", detail: "an event is a JSON object", pointer: "", retryable: false },
    ]);
  });

  test("with a bad line stores the others", async () => {
    const app = await createAppWorld();
    const response = await app.post(`${complete("a")}\n{oops\n${complete("b")}`, {
      "content-type": "application/x-ndjson",
    });
    expect(response.status).toBe(207);
    expect(await json(response)).toMatchObject({ accepted: 2, errors: [{ index: 1, code: "invalid_json" }] });
  });

  test("of bad events only is 422", async () => {
    const app = await createAppWorld();
    const response = await app.post('[{"id":"x"},3]');
    expect(response.status).toBe(422);
    expect(await json(response)).toMatchObject({
      code: "none_valid",
      invalid: 2,
      errors: [{ index: 0 }, { index: 1 }],
    });
  });

  test("that no tier takes is 503 with every event named, invalid ones too", async () => {
    const app = await createAppWorld();
    app.world.outages.start("redis");
    app.world.outages.start("postgres");
    const response = await app.post(`[${complete("a")},{},${complete("b")}]`);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toMatch(/^[1-3]$/);
    expect(await json(response)).toMatchObject({
      code: "unavailable",
      accepted: 0,
      invalid: 1,
      refused: 2,
      errors: [
        { index: 0, id: "a", code: "unavailable", retryable: true },
        { index: 1, code: "missing_attribute", retryable: false },
        { index: 2, id: "b", code: "unavailable", retryable: true },
      ],
    });
  });

  test("that is partly stored is 207 with the time to come again", async () => {
    const app = await createAppWorld({ outboxEventsMax: 1, backlogEventsMax: 1 });
    const keyed = (id: string, key: string) => `{"type":"t","id":"${id}","subject":"${key}"}`;
    const ids = Array.from({ length: 12 }, (_, n) => `e${n}`);
    for (const id of ids) await app.post(keyed(id, "busy"));
    const others = ids.map((id, n) => keyed(`o${id}`, `k${n}`));
    const response = await app.post(`[${keyed("x", "busy")},${others.join(",")}]`);
    expect(response.status).toBe(207);
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
    const answer = await json(response);
    expect(answer.errors?.[0]).toMatchObject({ index: 0, id: "x", code: "backlog_full", retryable: true });
    expect(Number(answer.accepted) + Number(answer.refused)).toBe(13);
  });

  test.each([
    ["[]", "application/json"],
    ['{"events":[]}', "application/json"],
  ])("without events (%j) is stored: there is nothing that is not", async (body, contentType) => {
    const app = await createAppWorld();
    const response = await app.post(body, { "content-type": contentType });
    expect([response.status, (await json(response)).accepted]).toEqual([202, 0]);
  });

  test.each([
    [100, 202],
    [101, 413],
  ])("of %i events where 100 are allowed is %i", async (count, status) => {
    const app = await createAppWorld();
    const response = await app.post(`[${Array.from({ length: count }, (_, n) => complete(`e${n}`)).join(",")}]`);
    expect(response.status).toBe(status);
    if (status === 413) expect(await json(response)).toMatchObject({ code: "batch_too_large", limit: 100 });
  });

  test("is what /v1/batch takes, and nothing else", async () => {
    const app = await createAppWorld();
    const post = async (contentType: string) => {
      const response = await app.post(complete("a"), { "content-type": contentType }, "/v1/batch");
      return [response.status, (await json(response)).code];
    };
    expect(await post("application/json")).toEqual([400, "not_a_batch"]);
    expect(await post("application/cloudevents-batch+json")).toEqual([400, "not_a_batch"]);
    expect(await post("application/cloudevents+json")).toEqual([415, "unsupported_media_type"]);
    expect(stored(app)).toEqual([]);
  });
});

/** A body of which as much has come, and no more does until it is ended. */
const slowBody = (bytes: number) => {
  let end = (): void => undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new Uint8Array(bytes));
      end = () => controller.close();
    },
  });
  return { stream, end: () => end() };
};

describe("the time until an answer", () => {
  test("begins with the body's end, so what a compressed one waits for room is taken from it", async () => {
    const app = await createAppWorld({ bodiesBytesMax: 240_000 });
    const committed: number[] = [];
    const { commit } = app.committer;
    Object.assign(app.committer, {
      commit: (...[events, sinceMs = Number.NaN]: Parameters<typeof commit>) => {
        committed.push(app.clock.monotonicMs() - sinceMs);
        return commit(events, sinceMs);
      },
    });
    const others = [slowBody(39_000), slowBody(39_000)];
    const refused = others.map(({ stream }) => app.post(stream));
    await new Promise(setImmediate);
    const large = `{"type":"t","data":"${"x".repeat(5_000)}"}`;
    const waiting = app.post(gzipSync(`[${Array(7).fill(large)}]`), { "content-encoding": "gzip" });
    await new Promise(setImmediate);
    await app.clock.advance(150);
    for (const { end } of others) end();
    await Promise.all(refused);
    await app.clock.advance(50);
    expect((await waiting).status).toBe(202);
    expect(committed).toEqual([200]);
  });
});
