import { platform } from "@spillway/event/platform-node";
import { hashSecret } from "@spillway/service";
import { describe, expect, test } from "vitest";
import { createAppWorld, KEY } from "../app.fixture.ts";

const PAGE_KEY = "pk_a-key-of-the-pages";
const ORIGIN = "https://shop.example";
const OTHER_ORIGIN = "https://www.shop.example";
const TEXT = "text/plain;charset=UTF-8";

const createPages = () =>
  createAppWorld({
    publishableKeys: [{ name: "web", sha256: hashSecret(PAGE_KEY, platform), origins: [ORIGIN, OTHER_ORIGIN] }],
    corsOrigins: [ORIGIN, OTHER_ORIGIN, "https://intern.example"],
    apiKeySources: [{ name: "web", prefix: "/web", isWhole: true }],
    quotas: [{ name: "web", eventsPerSecond: 16, bytesPerSecond: null }],
  });

type Pages = Awaited<ReturnType<typeof createPages>>;
const stored = ({ world }: Pages) => [0, 1, 2, 3].reduce((sum, shard) => sum + world.streams.counts(shard).accepted, 0);
const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];
const beacon = (
  pages: Pages,
  query: string,
  headers: Readonly<Record<string, string>> = { origin: ORIGIN },
  body = '{"type":"t"}',
) => pages.get(`/v1/events${query}`, { method: "POST", body, headers: { "content-type": TEXT, ...headers } });

describe("a publishable key", () => {
  test("sends by fetch and by beacon, from pages of its origins, with its source", async () => {
    const pages = await createPages();
    const fetched = await pages.post('{"type":"t","source":"/web"}', {
      authorization: `Bearer ${PAGE_KEY}`,
      origin: ORIGIN,
    });
    expect([fetched.status, fetched.headers.get("access-control-allow-origin")]).toEqual([202, ORIGIN]);
    const sent = await beacon(pages, `?key=${PAGE_KEY}`, { origin: OTHER_ORIGIN }, '[{"type":"t"},{"type":"t"}]');
    expect([sent.status, sent.headers.get("access-control-allow-origin")]).toEqual([202, OTHER_ORIGIN]);
    expect(await sent.json()).toMatchObject({ accepted: 2 });
  });

  test.each<readonly [string, number, string, (pages: Pages) => Response | Promise<Response>]>([
    [
      "a foreign origin",
      403,
      "origin_forbidden",
      (p) => beacon(p, `?key=${PAGE_KEY}`, { origin: "https://evil.example" }),
    ],
    [
      "an origin that begins alike",
      403,
      "origin_forbidden",
      (p) => beacon(p, `?key=${PAGE_KEY}`, { origin: `${ORIGIN}.evil.example` }),
    ],
    ["another port", 403, "origin_forbidden", (p) => beacon(p, `?key=${PAGE_KEY}`, { origin: `${ORIGIN}:8443` })],
    ["the origin null", 403, "origin_forbidden", (p) => beacon(p, `?key=${PAGE_KEY}`, { origin: "null" })],
    [
      "an origin that may only read",
      403,
      "origin_forbidden",
      (p) => beacon(p, `?key=${PAGE_KEY}`, { origin: "https://intern.example" }),
    ],
    ["no origin", 403, "origin_forbidden", (p) => beacon(p, `?key=${PAGE_KEY}`, {})],
    [
      "no origin, by header",
      403,
      "origin_forbidden",
      (p) => p.post('{"type":"t"}', { authorization: `Bearer ${PAGE_KEY}` }),
    ],
    [
      "another source",
      403,
      "source_forbidden",
      (p) => beacon(p, `?key=${PAGE_KEY}`, undefined, '{"type":"t","source":"/web/x"}'),
    ],
    ["a wrong key", 401, "unauthorized", (p) => beacon(p, `?key=${PAGE_KEY}x`)],
    ["two keys", 401, "unauthorized", (p) => beacon(p, `?key=${PAGE_KEY}&key=${PAGE_KEY}`)],
    ["a secret key", 401, "key_in_address", (p) => beacon(p, `?key=${KEY}`)],
    ["what may be a secret key", 401, "key_in_address", (p) => beacon(p, "?a=b&key=sk_1")],
    [
      "text of a secret key",
      415,
      "unsupported_media_type",
      (p) => p.post('{"type":"t"}', { "content-type": TEXT, origin: ORIGIN }),
    ],
  ])("is refused with %s: %i %s, and nothing is stored", async (_, status, code, ask) => {
    const pages = await createPages();
    const response = await ask(pages);
    expect(await codeOf(response)).toEqual([status, code]);
    expect(stored(pages)).toBe(0);
    expect(`${pages.logged}`).not.toMatch(/pk_|sk_|key-of/);
  });

  test("is refused beyond its quota", async () => {
    const pages = await createPages();
    const five = await beacon(pages, `?key=${PAGE_KEY}`, undefined, JSON.stringify(Array(5).fill({ type: "t" })));
    expect([five.status, await five.json()]).toMatchObject([
      207,
      { accepted: 4, refused: 1, errors: [{ code: "quota_exceeded" }] },
    ]);
  });

  test("is told where it may go", async () => {
    const pages = await createPages();
    const response = await beacon(pages, `?key=${PAGE_KEY}`, { origin: "https://evil.example" });
    expect(await response.json()).toMatchObject({ detail: `the key web is for pages of ${ORIGIN}, ${OTHER_ORIGIN}` });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});
