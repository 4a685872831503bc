import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createFetchTransport, type FetchOptions } from "./transport.ts";

const NOW_MS = 1_700_000_000_000;

/** A transport whose server is the test's. */
const transportTo = (answer: () => Response | Promise<Response>, options: Partial<FetchOptions> = {}) => {
  const requests: { url: string; init: RequestInit }[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    requests.push({ url, init });
    return answer();
  };
  const all = { url: "http://edge/", key: "secret", gzip: true, timeoutMs: 60_000, fetch, wallMs: () => NOW_MS };
  return { post: createFetchTransport({ ...all, ...options }), requests };
};
const ok = () => new Response("{}", { status: 202 });
const headersOf = ({ init }: { init: RequestInit }) => init.headers as Record<string, string>;

describe("a request", () => {
  test("goes to the edge's batches with the key, and to no other address", async () => {
    const { post, requests } = transportTo(ok);
    await post("[]", false);
    expect(requests[0]?.url).toBe("http://edge/v1/batch");
    expect(headersOf(requests[0]!)).toEqual({ "content-type": "application/json", authorization: "Bearer secret" });
    expect(requests[0]?.init).toMatchObject({ method: "POST", body: "[]", redirect: "manual" });
    expect("keepalive" in requests[0]!.init).toBe(false);
  });

  test("without a key has no authorization", async () => {
    const { post, requests } = transportTo(ok, { key: undefined, url: "/ingest" });
    await post("[]", false);
    expect(requests[0]?.url).toBe("/ingest/v1/batch");
    expect(headersOf(requests[0]!)).toEqual({ "content-type": "application/json" });
  });

  test("of a kilobyte is packed, unless told not to", async () => {
    const body = JSON.stringify(["é".repeat(2_000)]);
    const packed = transportTo(ok);
    await packed.post(body, false);
    expect(headersOf(packed.requests[0]!)["content-encoding"]).toBe("gzip");
    const bytes = packed.requests[0]!.init.body as ArrayBuffer;
    expect(bytes.byteLength).toBeLessThan(200);
    expect(gunzipSync(new Uint8Array(bytes)).toString()).toBe(body);
    const plain = transportTo(ok, { gzip: false });
    await plain.post(body, false);
    expect(plain.requests[0]?.init.body).toBe(body);
  });

  test("with keepalive has begun when the call returns, so it is not packed", () => {
    const { post, requests } = transportTo(ok);
    void post("x".repeat(2_000), true);
    expect(requests[0]?.init).toMatchObject({ keepalive: true, body: "x".repeat(2_000) });
  });
});

describe("a publishable key", () => {
  test("stands in the address only when the page goes away, as text that no browser asks about first", () => {
    const { post, requests } = transportTo(ok, { key: "pk_of-the-pages" });
    void post("[1]", false);
    void post("[2]", true);
    expect(requests.map(({ url }) => url)).toEqual([
      "http://edge/v1/batch",
      "http://edge/v1/batch?key=pk_of-the-pages",
    ]);
    expect(requests.map(headersOf)).toEqual([
      { "content-type": "application/json", authorization: "Bearer pk_of-the-pages" },
      { "content-type": "text/plain" },
    ]);
    const secret = transportTo(ok);
    void secret.post("[3]", true);
    expect(secret.requests[0]?.url).toBe("http://edge/v1/batch");
  });
});

describe("an answer", () => {
  test.each([
    ["7", 7_000],
    [new Date(NOW_MS + 9_000).toUTCString(), 9_000],
    [new Date(NOW_MS - 9_000).toUTCString(), null],
    ["soon", null],
    ["0", null],
  ])("Retry-After: %s is %s ms", async (header, retryAfterMs) => {
    const { post } = transportTo(() => new Response("{}", { status: 503, headers: { "retry-after": header } }));
    expect(await post("[]", false)).toEqual({ status: 503, retryAfterMs, body: {} });
  });

  test("that is no JSON is its status", async () => {
    const { post } = transportTo(() => new Response("<html>", { status: 502 }));
    expect(await post("[]", false)).toEqual({ status: 502, retryAfterMs: null, body: null });
  });

  test("that does not come is none: a connection that fails, a body that ends early, too late", async () => {
    const none = { status: null, retryAfterMs: null };
    const failing = transportTo(() => Promise.reject(new TypeError("fetch failed")));
    expect(await failing.post("[]", false)).toEqual({ ...none, body: "network" });
    const torn = new ReadableStream({ start: (controller) => controller.error(new TypeError("terminated")) });
    const ending = transportTo(() => new Response(torn, { status: 202 }));
    expect(await ending.post("[]", false)).toEqual({ ...none, body: "network" });
    const late = transportTo(() => Promise.reject(new DOMException("late", "TimeoutError")));
    expect(await late.post("[]", false)).toEqual({ ...none, body: "timeout" });
  });
});
