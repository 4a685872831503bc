import { describe, expect, test } from "vitest";
import { createAppWorld, KEY } from "../app.fixture.ts";
import { createDurabilities } from "./durability.ts";
import { parseDurabilityRoutes, parseKeyDurabilities } from "./durability-setting.ts";

const json = async (response: Response) => ({ status: response.status, ...((await response.json()) as object) });

describe("how durable an event has to be", () => {
  const routes = [
    { prefix: "pay", durability: "required" },
    { prefix: "pay.test.", durability: "both" },
  ] as const;
  const keys = [
    { name: "shop", durability: "both", may: true },
    { name: "till", durability: null, may: true },
    { name: "bank", durability: "required", may: false },
  ] as const;
  const durabilities = createDurabilities(routes, keys);

  test.each([
    ["shop", null, "order", "both"],
    ["shop", "required", "order", "required"],
    ["till", null, "order", undefined],
    ["till", "both", "order", "both"],
    ["bank", null, "order", "required"],
    ["other", null, "order", undefined],
    ["other", null, "payment", "required"],
    ["other", null, "pay.test.1", "both"],
    ["shop", null, "payment", "required"],
    ["bank", null, "pay.test.1", "required"],
  ])("of key %s, with header %s and type %s is %s", (name, header, type, expected) => {
    const asked = durabilities.ofRequest(header, name);
    if (typeof asked === "object") throw new Error(asked.detail);
    expect(durabilities.ofEvent(type, asked)).toBe(expected);
  });

  test.each([
    ["shop", "BOTH", "invalid_durability"],
    ["shop", "", "invalid_durability"],
    ["shop", "both, both", "invalid_durability"],
    ["bank", "both", "durability_forbidden"],
    ["other", "required", "durability_forbidden"],
  ])("of key %s with header %j is refused: %s", (name, header, code) => {
    expect(durabilities.ofRequest(header, name)).toMatchObject({ code });
  });
});

describe("the setting", () => {
  test.each([
    ["payment.=both", [{ prefix: "payment.", durability: "both" }]],
    ["", []],
    ["=both", "entry 1 does not begin with the beginning of a type and ="],
    ["a.=stream", "entry 1 does not end with both or required"],
    ["a.=both,a.=required", "entry 2 has the beginning of an entry before it"],
  ])("of types %j is %j", (setting, expected) => {
    expect(parseDurabilityRoutes(setting)).toEqual(expected);
  });

  test.each([
    ["shop=both", [{ name: "shop", durability: "both", may: false }]],
    [
      "shop=may, till=required|may",
      [
        { name: "shop", durability: null, may: true },
        { name: "till", durability: "required", may: true },
      ],
    ],
    ["nobody=both", "entry 1 begins with a name that no key of API_KEYS or PUBLISHABLE_KEYS has"],
    ["shop=", "entry 1 does not end with both, required, may, both|may or required|may"],
    ["shop=may|both", "entry 1 does not end with both, required, may, both|may or required|may"],
    ["shop=both|both", "entry 1 does not end with both, required, may, both|may or required|may"],
    ["shop=both,shop=may", "entry 2 has the name of an entry before it"],
  ])("of keys %j is %j", (setting, expected) => {
    expect(parseKeyDurabilities(setting, new Set(["shop", "till"]))).toEqual(expected);
  });
});

describe("a request", () => {
  const open = () =>
    createAppWorld({
      durabilityRoutes: [{ prefix: "payment.", durability: "both" }],
      apiKeyDurabilities: [{ name: "shop", durability: null, may: true }],
    });
  const headers = { authorization: `Bearer ${KEY}` };

  test("is told which tiers have its event", async () => {
    const app = await open();
    expect(await json(await app.post('{"type":"payment.made"}'))).toMatchObject({ status: "accepted", tier: "both" });
    expect(await json(await app.post('{"type":"order.made"}'))).toMatchObject({ status: "accepted", tier: "stream" });
    const asked = { ...headers, "spillway-durability": "both" };
    expect(await json(await app.post('{"type":"order.made"}', asked))).toMatchObject({ tier: "both" });
  });

  test("of several events is told how many are where, when some are to be in both", async () => {
    const app = await open();
    const batch =
      '[{"type":"payment.made","subject":"a"},{"type":"order.made","subject":"a"},{"type":"","subject":"a"}]';
    expect(await json(await app.post(batch))).toMatchObject({ accepted: 2, tiers: { both: 2, stream: 0, outbox: 0 } });
    expect(await json(await app.post('[{"type":"order.made"}]'))).not.toHaveProperty("tiers");
  });

  test("that must be in both is refused with 503 while one of them is away, and may come again", async () => {
    const app = await open();
    const asked = { ...headers, "spillway-durability": "required" };
    app.world.outages.start("postgres");
    const response = await app.post('{"type":"order.made","id":"a"}', asked);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, expect.stringMatching(/^[1-3]$/)]);
    expect(await json(response)).toMatchObject({ code: "both_unavailable", retryable: true, id: "a" });
    app.world.outages.end("postgres");
    await app.clock.advance(5_000);
    expect(await json(await app.post('{"type":"order.made","id":"a"}', asked))).toMatchObject({ tier: "both" });
  });

  test("may not ask for what its key may not", async () => {
    const app = await createAppWorld();
    const response = await app.post('{"type":"t"}', { ...headers, "spillway-durability": "both" });
    expect(await json(response)).toMatchObject({ status: 403, code: "durability_forbidden" });
  });
});
