import { describe, expect, test } from "vitest";
import { createScriptedClient } from "./scripted.fixture.ts";

describe("an answer", () => {
  test("202: all are stored", async () => {
    const { send, clock, post } = createScriptedClient();
    const { outcome } = await send("a");
    await clock.advance(100);
    await post().accept();
    expect(await outcome).toEqual({ kind: "stored" });
  });

  test("207: what may be tried again is, and nothing else; what may not is told", async () => {
    const refused: unknown[] = [];
    const { send, clock, posts, post } = createScriptedClient({ onRefused: (refusal) => refused.push(refusal) });
    const [a, b] = [await send("a", "k1"), await send("b", "k2")];
    await send("c", "k3");
    await clock.advance(100);
    await post().name(207, [
      { index: 1, code: "event_too_deep", retryable: false },
      { index: 2, code: "unavailable", retryable: true },
    ]);
    expect(await a.outcome).toEqual({ kind: "stored" });
    const refusal = { kind: "refused", code: "event_too_deep", detail: "", pointer: "" };
    expect(await b.outcome).toEqual(refusal);
    expect(refused).toEqual([{ ...refusal, id: "b", event: expect.objectContaining({ id: "b", subject: "k2" }) }]);
    await clock.advance(60_000);
    expect(posts.map(({ ids }) => ids.join(""))).toEqual(["abc", "c"]);
  });

  test("207: a key of which one has to come again waits as asked, all of it, and the others go on", async () => {
    const { send, clock, posts, post } = createScriptedClient();
    await send("a1", "a");
    await send("b1", "b");
    await clock.advance(100);
    await post().name(207, [{ index: 0, code: "unavailable", retryable: true }], 5_000);
    await send("a2", "a");
    await send("b2", "b");
    await clock.advance(100);
    expect(post().ids).toEqual(["b2"]);
    await post().accept();
    await clock.advance(4_899);
    expect(posts).toHaveLength(2);
    await clock.advance(30_000);
    expect(post().ids).toEqual(["a1", "a2"]);
  });

  test("207: a key waits longer each time, and from the beginning when one of its events was stored", async () => {
    const { client, send, clock, posts, post } = createScriptedClient();
    const waits: number[] = [];
    const refuse = async () => {
      const before = clock.monotonicMs();
      const count = posts.length;
      await post().name(207, [{ index: 0, code: "unavailable", retryable: true }], 1_000);
      while (posts.length === count) await clock.advance(100);
      waits.push(clock.monotonicMs() - before);
    };
    await send("a1", "a");
    await clock.advance(100);
    await refuse();
    await refuse();
    await post().accept();
    await send("a2", "a");
    const flushed = client.flush();
    await clock.advance(0);
    await refuse();
    await post().accept();
    await flushed;
    expect(waits).toEqual([1_200, 1_400, 1_200]);
  });

  test.each([
    [429, "quota_exceeded"],
    [503, "unavailable"],
  ])("%i %s: all wait for as long as it says, and a part of the jitter", async (status, code) => {
    const troubles: unknown[] = [];
    const { send, clock, posts, post } = createScriptedClient({ onTrouble: (trouble) => troubles.push(trouble) });
    await send("a");
    await clock.advance(100);
    await post().fail(status, code, 7_000);
    await send("b");
    await clock.advance(7_199);
    expect(posts).toHaveLength(1);
    await clock.advance(1);
    expect(post().ids).toEqual(["a", "b"]);
    expect(troubles).toEqual([{ status, code, events: 1, tries: 1, retryInMs: 7_200 }]);
  });

  test.each([
    [null, "timeout"],
    [null, "network"],
    [500, "internal"],
    [502, "502"],
    [401, "unauthorized"],
    [404, "not_found"],
    [302, "302"],
  ])("%s %s: says nothing of the events, which come again, each time later", async (status, code) => {
    const { send, clock, posts, post } = createScriptedClient();
    await send("a");
    await clock.advance(100);
    const waits: number[] = [];
    for (let tries = 0; tries < 12; tries++) {
      const before = clock.monotonicMs();
      const count = posts.length;
      await post().fail(status, code);
      while (posts.length === count) await clock.advance(100);
      waits.push(clock.monotonicMs() - before);
    }
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000, 15_000, 15_000, 15_000]);
    expect(new Set(posts.flatMap(({ ids }) => ids))).toEqual(new Set(["a"]));
  });

  test("200 with a page of somebody else's, or 202 that does not account for each event, is none", async () => {
    const { send, clock, posts, post } = createScriptedClient();
    await send("a");
    await clock.advance(100);
    await post().answer({ status: 200, retryAfterMs: null, body: null });
    await clock.advance(1_000);
    await post().answer({
      status: 202,
      retryAfterMs: null,
      body: { accepted: 0, duplicates: 0, invalid: 0, refused: 0, errors: [] },
    });
    await clock.advance(1_000);
    expect(posts).toHaveLength(3);
  });

  test("413 of one event alone is its end", async () => {
    const { send, clock, post } = createScriptedClient({ onRefused: () => undefined });
    const { outcome } = await send("a");
    await clock.advance(100);
    await post().fail(413, "body_too_large");
    expect(await outcome).toMatchObject({ kind: "refused", code: "body_too_large" });
  });
});
