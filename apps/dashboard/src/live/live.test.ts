import { expect, test } from "vitest";
import { logIn, setUp } from "../app.fixture.tsx";
import { askersOf, soundSights } from "../sights.fixture.ts";
import { createWatch } from "../watch/watch.ts";

const looks = (text: string) => text.split("\n").filter((line) => line.startsWith("data: "));

test("tells each look with its level, and ends with the looking; nobody hears it without a session", async () => {
  const clock = { wallMs: () => 0, monotonicMs: () => 0, sleep: async () => undefined };
  const world = { sights: soundSights };
  const watch = createWatch({ ...askersOf(() => world.sights), clock });
  const { app } = setUp({ watch });
  expect((await app.request("/live")).status).toBe(303);
  const { cookie } = await logIn(app);
  const response = await app.request("/live", { headers: { cookie } });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const heard = response.text();
  await watch.fresh();
  world.sights = { ...soundSights, relays: [] };
  await watch.fresh();
  const ending = new AbortController();
  ending.abort();
  await watch.run(ending.signal);
  expect(looks(await heard)).toEqual(["data: well", "data: unknown"]);
});
