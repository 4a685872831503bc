import { describe, expect, test } from "vitest";
import { createAppWorld } from "../app.fixture.ts";

const json = async (response: Response) => (await response.json()) as { readonly events?: unknown };
const complete = (id: string) => `{"specversion":"1.0","id":"${id}","source":"/s","type":"t"}`;

describe("a batch", () => {
  test.each(["return=representation", 'respond-async, RETURN="representation"; x=1'])(
    "with Prefer: %s says of each event what became of it, in order",
    async (prefer) => {
      const app = await createAppWorld();
      await app.post(complete("old"));
      const response = await app.post(`[${complete("a")},{"id":"x"},${complete("old")},7,{"type":"t"}]`, { prefer });
      expect([response.status, response.headers.get("preference-applied")]).toEqual([207, "return=representation"]);
      expect((await json(response)).events).toEqual([
        { id: "a", status: "accepted", tier: "stream" },
        { id: "x", status: "invalid" },
        { id: "old", status: "duplicate", tier: "stream" },
        { id: null, status: "invalid" },
        { id: "new-1", status: "accepted", tier: "stream" },
      ]);
      const all = await app.post(`[${complete("b")}]`, { prefer });
      expect(all.headers.get("preference-applied")).toBe("return=representation");
      expect(await json(all)).toMatchObject({ accepted: 1, events: [{ id: "b", status: "accepted" }] });
      app.world.outages.start("redis");
      app.world.outages.start("postgres");
      const none = await app.post(`[${complete("c")}]`, { prefer });
      expect([none.status, (await json(none)).events]).toEqual([503, [{ id: "c", status: "refused" }]]);
    },
  );

  test.each([undefined, "return=minimal", "return=representations", "x-return=representation"])(
    "with Prefer: %s says nothing of those that are stored",
    async (prefer) => {
      const app = await createAppWorld();
      const response = await app.post(`[${complete("a")}]`, prefer === undefined ? {} : { prefer });
      expect(response.headers.has("preference-applied")).toBe(false);
      expect(await json(response)).not.toHaveProperty("events");
    },
  );
});
