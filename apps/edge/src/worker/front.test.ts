import { platform } from "@spillway/event/platform-node";
import { hashSecret } from "@spillway/service";
import { describe, expect, test } from "vitest";
import { createFront } from "./front.ts";

const names = Array.from({ length: 40 }, (_, n) => `producer-${n}`);
const apiKeys = names.map((name) => ({ name, sha256: hashSecret(`key-of-${name}`, platform) }));
const ports = { platform, random: () => 0.5 };
const front = createFront({ apiKeys, publishableKeys: [], corsOrigins: [], bodyBytesMax: 1_000, objects: 4 }, ports);

const ask = (path: string, init: RequestInit = {}) => front(new Request(`http://edge${path}`, init));
const post = (name: string, headers: Readonly<Record<string, string>> = {}) =>
  ask("/v1/events", { method: "POST", headers: { authorization: `Bearer key-of-${name}`, ...headers } });

const refusal = (answer: ReturnType<typeof front>) => {
  if (answer.kind === "passed") throw new Error("passed");
  return answer.response;
};

describe("the Worker before its objects", () => {
  test.each([
    [400, () => ask("/livez", { headers: { host: "a b" } })],
    [404, () => ask("/nothing", { method: "POST" })],
    [401, () => ask("/v1/events", { method: "POST" })],
    [401, () => ask("/v1/events/", { method: "POST" })],
    [401, () => ask("/v1/batch", { method: "POST", headers: { authorization: "Bearer another" } })],
    [413, () => post("producer-1", { "content-length": "1001" })],
  ])("answers %i by itself, in the words of the edge", async (status, asked) => {
    const response = refusal(asked());
    expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
    expect(await response.json()).toMatchObject({ status, request_id: response.headers.get("x-request-id") });
  });

  test.each([
    ["/readyz", "GET"],
    ["/livez", "OPTIONS"],
    ["/", "OPTIONS"],
    ["/v1/events", "GET"],
  ])("passes %s %s on without a key", (path, method) => {
    expect(ask(path, { method })).toEqual({ kind: "passed", object: 0 });
  });

  test("gives all of one producer to one object, and uses all objects", () => {
    const objectOf = (name: string) => {
      const passed = post(name, { "content-length": "1000" });
      return passed.kind === "passed" ? passed.object : -1;
    };
    expect(names.map(objectOf)).toEqual(names.map(objectOf));
    expect([...new Set(names.map(objectOf))].toSorted()).toEqual([0, 1, 2, 3]);
  });

  test("lets pages in by their key's origins, and pages read what it refuses", () => {
    const page = { name: "web", sha256: hashSecret("pk_of-the-pages", platform), origins: ["https://shop.example"] };
    const pages = createFront(
      { apiKeys, publishableKeys: [page], corsOrigins: page.origins, bodyBytesMax: 1_000, objects: 4 },
      ports,
    );
    const beacon = (key: string, origin: string, headers: Readonly<Record<string, string>> = {}) =>
      pages(new Request(`http://edge/v1/events?key=${key}`, { method: "POST", headers: { origin, ...headers } }));
    expect(beacon("pk_of-the-pages", "https://shop.example").kind).toBe("passed");
    const shown = (answer: ReturnType<typeof front>) => {
      const { status, headers } = refusal(answer);
      return [status, headers.get("access-control-allow-origin"), headers.get("vary")];
    };
    expect(shown(beacon("pk_of-the-pages", "https://evil.example"))).toEqual([403, null, "Origin"]);
    expect(shown(beacon("key-of-producer-1", "https://shop.example"))).toEqual([401, "https://shop.example", "Origin"]);
    const long = beacon("pk_of-the-pages", "https://shop.example", { "content-length": "1001" });
    expect(shown(long)).toEqual([413, "https://shop.example", "Origin"]);
    const asks = { origin: "https://shop.example", "access-control-request-method": "POST" };
    expect(pages(new Request("http://edge/v1/events", { method: "OPTIONS", headers: asks })).kind).toBe("passed");
  });
});
