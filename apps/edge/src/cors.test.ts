import { describe, expect, test } from "vitest";
import { createAppWorld } from "./app.fixture.ts";

const ORIGIN = "https://shop.example";
const createOpen = () => createAppWorld({ corsOrigins: [ORIGIN] });
const preflight = (path: string, origin: string, headers = "authorization,content-type") => ({
  path,
  init: {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": headers },
  },
});

describe("pages of other origins", () => {
  test("ask first, and hear for two hours what they may send", async () => {
    const { get } = await createOpen();
    const { path, init } = preflight("/v1/events", ORIGIN, "authorization,ce-id,CE-Type,ce-b_d,x-other");
    const { status, headers } = await get(path, init);
    expect([status, headers.get("access-control-allow-origin"), headers.get("access-control-max-age")]).toEqual([
      204,
      ORIGIN,
      "7200",
    ]);
    expect(headers.get("access-control-allow-methods")).toBe("POST");
    const may = headers.get("access-control-allow-headers")?.split(", ");
    expect(may).toEqual(
      expect.arrayContaining([
        "authorization",
        "content-type",
        "content-encoding",
        "idempotency-key",
        "ce-id",
        "ce-type",
      ]),
    );
    expect(may).not.toContain("x-other");
    expect(may).not.toContain("ce-b_d");
    expect(headers.get("vary")).toBe("Access-Control-Request-Headers, Origin");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  });

  test.each(["https://evil.example", "http://shop.example", "https://shop.example.", "null", `${ORIGIN}/`])(
    "from %s hear no",
    async (origin) => {
      const { get } = await createOpen();
      const { path, init } = preflight("/v1/events", origin);
      const response = await get(path, init);
      expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([403, null]);
      expect(await response.json()).toMatchObject({ code: "origin_forbidden" });
    },
  );

  test("read what was answered, refusals and all, and what stands in its headers", async () => {
    const { get, post } = await createOpen();
    const answers = [
      await post('{"type":"t"}', { origin: ORIGIN }),
      await post("", { origin: ORIGIN, authorization: "" }),
      await get("/v1/limits", { headers: { origin: ORIGIN } }),
      await get("/nothing", { headers: { origin: ORIGIN } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 401, 200, 404]);
    for (const { headers } of answers) {
      expect(headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(headers.get("access-control-expose-headers")).toMatch(/X-Request-Id, Retry-After/);
      expect(headers.get("vary")).toBe("Origin");
    }
  });

  test("and a cache is told that answers differ, whoever asks", async () => {
    const { get } = await createOpen();
    const others = [await get("/v1/limits"), await get("/v1/limits", { headers: { origin: "https://evil.example" } })];
    for (const { headers } of others)
      expect([headers.get("vary"), headers.get("access-control-allow-origin")]).toEqual(["Origin", null]);
  });

  test("are not mentioned where no origin is set, and a check by OPTIONS stays one", async () => {
    const closed = await createAppWorld();
    const { path, init } = preflight("/v1/events", ORIGIN);
    const refused = await closed.get(path, init);
    expect([refused.status, refused.headers.get("vary")]).toEqual([405, null]);
    const open = await createOpen();
    expect((await open.get("/livez", { method: "OPTIONS" })).status).toBe(200);
    expect((await open.get("/v1/events", { method: "OPTIONS" })).status).toBe(405);
  });
});
