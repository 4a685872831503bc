import { describe, expect, test } from "vitest";
import { createMemoryStore, createScriptedClient } from "./scripted.fixture.ts";

const sendAll = async (send: (id: string, subject?: string) => Promise<unknown>, ids: readonly string[]) => {
  for (const id of ids) await send(id);
};

describe("batches", () => {
  test("go when the oldest event has waited for company", async () => {
    const { send, clock, posts, post } = createScriptedClient();
    await send("a");
    await clock.advance(60);
    await send("b");
    await clock.advance(39);
    expect(posts).toHaveLength(0);
    await clock.advance(1);
    expect(post().ids).toEqual(["a", "b"]);
  });

  test("go at once when they are full by count, and hold no more", async () => {
    const { send, clock, post } = createScriptedClient({ batchEventsMax: 2 });
    await sendAll(send, ["a", "b", "c"]);
    await clock.advance(0);
    expect(post().ids).toEqual(["a", "b"]);
    await post().accept();
    expect(post().ids).toEqual(["a", "b"]);
    await clock.advance(100);
    expect(post().ids).toEqual(["c"]);
  });

  test("go at once when they are full by bytes, and hold no more, but for an event that is larger by itself", async () => {
    const { client, clock, posts, post } = createScriptedClient({ batchBytesMax: 1_000 });
    const pad = (id: string, characters: number) => client.send({ type: "t", id, data: "x".repeat(characters) });
    await pad("a", 450);
    await pad("b", 450);
    await pad("large", 2_000);
    await clock.advance(0);
    await post().accept();
    await clock.advance(0);
    await post().accept();
    await clock.advance(100);
    expect(posts.map(({ ids }) => ids)).toEqual([["a"], ["b"], ["large"]]);
    for (const { bytes } of posts.slice(0, 2)) expect(bytes).toBeLessThanOrEqual(1_001);
  });

  test("go one after the other", async () => {
    const { client, send, clock, posts, post, seen } = createScriptedClient({ batchEventsMax: 1 });
    await sendAll(send, ["a", "b", "c"]);
    const flushed = client.flush();
    await clock.advance(0);
    while (posts.length < 3) await post().accept();
    await post().accept();
    expect(await flushed).toEqual({ unsent: 0 });
    expect(posts.map(({ ids }) => ids[0])).toEqual(["a", "b", "c"]);
    expect(seen.mostAtOnce).toBe(1);
  });

  test("shrink to what the edge takes, and grow again by one with each that it took", async () => {
    const { send, clock, posts, post } = createScriptedClient({ batchEventsMax: 4 });
    await sendAll(send, ["a", "b", "c", "d", "e", "f", "g"]);
    await clock.advance(0);
    await post().fail(413, "body_too_large");
    await post().accept();
    await post().accept();
    expect(posts.map(({ ids }) => ids.join(""))).toEqual(["abcd", "ab", "cde"]);
    await clock.advance(100);
    expect(post().ids).toEqual(["f", "g"]);
  });
});

describe("an event", () => {
  test("has its id, time and trace before the first try, and the same bytes in each", async () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const { client, clock, posts, post } = createScriptedClient({
      source: "/shop",
      traceContext: () => ({ traceparent }),
    });
    const { id } = await client.send({ type: "t", data: { total: 1 }, extensions: { region: "eu" } });
    await clock.advance(100);
    await post().fail(null, "timeout");
    await clock.advance(1_000);
    const [first, second] = posts.map(({ events }) => events[0]);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const time = new Date(1_700_000_000_000).toISOString();
    const attributes = { specversion: "1.0", id, time, source: "/shop", traceparent, region: "eu" };
    expect(first).toEqual({ ...attributes, type: "t", data: { total: 1 } });
    expect(second).toEqual(first);
  });

  test("is as it was when it was sent, whatever becomes of the object", async () => {
    const { client, clock, post } = createScriptedClient();
    const data = { total: 1 };
    await client.send({ type: "t", data });
    data.total = 2;
    await clock.advance(100);
    expect(post().events[0]).toMatchObject({ data: { total: 1 } });
  });

  test("that JSON cannot say is not taken", async () => {
    const { client } = createScriptedClient();
    await expect(client.send({ type: "t", data: 1n })).rejects.toMatchObject({ code: "not_json" });
    expect(await client.flush()).toEqual({ unsent: 0 });
  });
});

describe("a full queue", () => {
  test.each([
    ["events", { queueEventsMax: 2 }],
    ["bytes", { queueBytesMax: 200 }],
  ])("by %s rejects what comes and keeps what it has", async (_, limits) => {
    const { send, client, clock, post } = createScriptedClient(limits);
    await sendAll(send, ["a", "b"]);
    await expect(send("c")).rejects.toMatchObject({ name: "ClientError", code: "queue_full" });
    const flushed = client.flush();
    await clock.advance(0);
    expect(post().ids).toEqual(["a", "b"]);
    await post().accept();
    await flushed;
    await send("c");
  });
});

describe("flush and close", () => {
  test("flush sends now, and waits for what it found", async () => {
    const { send, client, clock, posts, post } = createScriptedClient();
    await send("a");
    const flushed = client.flush();
    await clock.advance(0);
    expect(posts).toHaveLength(1);
    await post().fail(503, "unavailable", 1_000);
    await clock.advance(2_000);
    await post().accept();
    expect(await flushed).toEqual({ unsent: 0 });
  });

  test("close gives up when its time is over: what is left is unsent, and said", async () => {
    const { send, client, clock, post } = createScriptedClient();
    const { outcome } = await send("a");
    const closed = client.close({ timeoutMs: 5_000 });
    await expect(send("b")).rejects.toMatchObject({ code: "closed" });
    await clock.advance(0);
    await post().fail(503, "unavailable", 60_000);
    await clock.advance(5_000);
    expect(await closed).toEqual({ unsent: 1 });
    expect(await outcome).toEqual({ kind: "unsent" });
    expect(clock.sleeping()).toBe(0);
  });

  test("an answer that comes after close changes nothing", async () => {
    const { send, client, clock, post } = createScriptedClient();
    const { outcome } = await send("a");
    const closed = client.close({ timeoutMs: 5_000 });
    await clock.advance(5_000);
    await closed;
    await post().accept();
    expect(await outcome).toEqual({ kind: "unsent" });
  });
});

describe("with a store", () => {
  test("what is sent is kept until its outcome, and what is unsent goes first from the next client", async () => {
    const { store, kept } = createMemoryStore();
    const first = createScriptedClient({ store });
    await first.send("a", "k");
    await first.send("b", "k");
    await first.clock.advance(100);
    await first.post().name(207, [{ index: 1, code: "unavailable", retryable: true }], 60_000);
    const closed = first.client.close({ timeoutMs: 0 });
    await first.clock.advance(0);
    expect(await closed).toEqual({ unsent: 1 });
    expect([...kept.values()].map((text) => JSON.parse(text).id)).toEqual(["b"]);
    const second = createScriptedClient({ store });
    await second.send("c", "k");
    await second.clock.advance(100);
    expect(second.posts.flatMap(({ ids }) => ids)[0]).toBe("b");
    await second.post().accept();
    await second.clock.advance(100);
    await second.post().accept();
    expect(second.posts.flatMap(({ ids }) => ids)).toEqual(["b", "c"]);
    expect(kept.size).toBe(0);
  });

  test("an event that it does not take is not taken, and has no room", async () => {
    const { store, faults } = createMemoryStore();
    const { send, posts, clock } = createScriptedClient({ store, queueEventsMax: 1 });
    faults.put = true;
    await expect(send("a")).rejects.toMatchObject({ code: "store_failed" });
    faults.put = false;
    await send("b");
    await clock.advance(100);
    expect(posts.flatMap(({ ids }) => ids)).toEqual(["b"]);
  });

  test("that cannot be opened nothing is taken, and close ends", async () => {
    const { store, faults } = createMemoryStore();
    faults.open = true;
    const { send, client } = createScriptedClient({ store });
    await expect(send("a")).rejects.toMatchObject({ code: "store_failed", cause: new Error("the disk is gone") });
    expect(await client.close()).toEqual({ unsent: 0 });
  });

  test("close waits for what it has not taken yet", async () => {
    const { store } = createMemoryStore();
    const { send, client, clock, post } = createScriptedClient({ store });
    const sent = send("a");
    const closed = client.close();
    await clock.advance(0);
    await post().accept();
    expect(await closed).toEqual({ unsent: 0 });
    expect(await (await sent).outcome).toEqual({ kind: "stored" });
  });
});
