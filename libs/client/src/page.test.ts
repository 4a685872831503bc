import { describe, expect, test } from "vitest";
import { createScriptedClient } from "./scripted.fixture.ts";

describe("a page that is hidden", () => {
  const createPage = () => {
    const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
    const turn = (state: string) => {
      page.visibilityState = state;
      page.dispatchEvent(new Event("visibilitychange"));
    };
    return { page, turn };
  };

  test("sends what waits in the same turn, with keepalive", async () => {
    const { page, turn } = createPage();
    const { send, posts, post } = createScriptedClient({}, page);
    await send("a");
    turn("hidden");
    expect(posts.map(({ ids, keepalive }) => ({ ids, keepalive }))).toEqual([{ ids: ["a"], keepalive: true }]);
    turn("hidden");
    expect(posts).toHaveLength(1);
    await post().accept();
  });

  test("sends what is under way once more, before what came later, since it may die with the page", async () => {
    const { page, turn } = createPage();
    const { send, clock, posts } = createScriptedClient({ queueEventsMax: 3 }, page);
    const [a, b] = [await send("a", "k"), await send("b", "k")];
    await clock.advance(100);
    await send("c", "k");
    turn("hidden");
    expect(posts.map(({ ids }) => ids.join(""))).toEqual(["ab", "abc"]);
    await posts[1]?.accept();
    expect([await a.outcome, await b.outcome]).toEqual([{ kind: "stored" }, { kind: "stored" }]);
    await posts[0]?.accept();
    await clock.advance(60_000);
    expect(posts).toHaveLength(2);
    // What was answered twice has given its room back once.
    for (const id of ["d", "e", "f"]) await send(id);
    await expect(send("g")).rejects.toMatchObject({ code: "queue_full" });
  });

  test("sends no more than a browser takes, from the beginning", async () => {
    const { page, turn } = createPage();
    const { client, post } = createScriptedClient({}, page);
    for (let i = 0; i < 100; i++) await client.send({ type: "t", id: `e${i}`, data: "x".repeat(900) });
    turn("hidden");
    expect(post().bytes).toBeLessThan(64 * 1024);
    expect(post().ids[0]).toBe("e0");
    expect(post().ids.length).toBeGreaterThan(50);
  });

  test("does nothing after close, or with nothing to send", async () => {
    const { page, turn } = createPage();
    const { client, posts } = createScriptedClient({}, page);
    turn("hidden");
    await client.close();
    turn("hidden");
    expect(posts).toHaveLength(0);
  });
});
