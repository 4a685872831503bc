import { eventually } from "@spillway/backends/eventually";
import {
  createDeadLetterInspector,
  createDeadLetters,
  createDiscard,
  createReplay,
  type ReplayOptions,
} from "@spillway/dead-letters";
import { type DeadLetter, decodeChunk, replayChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { openDatabase } from "@spillway/postgres";
import { createTracesSpy } from "@spillway/telemetry/traces-spy";
import { describe, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { adminOf, freshEach } from "../outbox/fresh-database.ts";
import { startProxy } from "../support/proxy.ts";

const SHARDS = 8;
const BY = { by: "operator" };
/** A lock that the replay meets while it executes; one on the table would stop it while it is parsed. */
const LOCK_LETTERS = "select id from dead_letters for update";

const fresh = freshEach();

const replayWith = (options: Partial<ReplayOptions> = {}) =>
  createReplay({ database: fresh.database, shards: SHARDS, platform, ...options });

/** Puts letters and answers their ids, in the order of the call. */
const put = async (...letters: readonly DeadLetter[]): Promise<string[]> => {
  await createDeadLetters(fresh).put(letters);
  const rows = await fresh.admin<{ id: string; entry: string }[]>`select id, entry from dead_letters`;
  const ids = new Map(rows.map(({ id, entry }) => [entry, id]));
  return letters.map(({ entry }) => ids.get(entry) ?? "");
};

const eventOf = (id: string, fields: Partial<DeadLetter> = {}): DeadLetter => {
  const bytes = new TextEncoder().encode(`{"id":"${id}","source":"/shop","type":"order.placed","data":1e400}`);
  return letterOf({ bytes, ...fields });
};

const outboxRows = async () => {
  const rows = await fresh.admin<{ shard: number; chunk: Uint8Array; events: number; bytes: number }[]>`
    select * from outbox order by id`;
  return rows.map(({ shard, chunk, events, bytes }) => {
    const decoded = decodeChunk(chunk, platform);
    return { ...decoded, shard, events, bytes, length: chunk.length, event: decoded.events[0] };
  });
};

/** Keeps a statement's locks until the answer is called. */
const hold = async (statement: string): Promise<() => Promise<void>> => {
  const locker = adminOf(fresh.url);
  const locked = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const over = locker.begin(async (tx) => {
    await tx.unsafe(statement);
    locked.resolve();
    await free.promise;
  });
  await locked.promise;
  return async () => {
    free.resolve();
    await over;
    await locker.end();
  };
};

/** The backend that waits for a lock. */
const waitingBackend = (): Promise<number> =>
  eventually("a statement waits for the lock", async () => {
    const [row] = await fresh.admin<{ pid: number }[]>`
      select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    return row?.pid;
  });

const refusals = (refused: readonly { readonly id: string; readonly code: string }[]) =>
  refused.map(({ id, code }) => ({ id, code }));

test.each([
  ["replay", (ids: readonly string[]) => replayWith()(ids, BY)],
  ["discard", (ids: readonly string[]) => createDiscard(fresh).discard(ids, { ...BY, reason: "r" })],
  ["restore", (ids: readonly string[]) => createDiscard(fresh).restore(ids, BY)],
] as const)("%s locks letters in the order of their ids, however their rows lie", async (name, change) => {
  const [first = "", second = ""] = await put(eventOf("a"), eventOf("b"));
  const discarded = name === "restore" ? "now()" : "null";
  // Without an index the planner reads the rows as they lie, and an update moves a row behind the others.
  await fresh.admin.unsafe(
    "alter table dead_letters drop constraint dead_letters_pkey cascade; drop index dead_letters_waiting",
  );
  for (const id of [second, first])
    await fresh.admin.unsafe(`update dead_letters set discarded_at = ${discarded} where id = ${id}`);
  const unlock = await hold(`select from dead_letters where id = ${first} for update`);
  const changed = change([second, first]);
  await waitingBackend();
  expect(await fresh.admin`select id from dead_letters where id = ${second} for update nowait`).toHaveLength(1);
  await unlock();
  expect(await changed).toMatchObject({ refused: [] });
});

describe("replay", () => {
  test("puts the event into the outbox as its next life, with its very bytes", async () => {
    const letter = eventOf("7", { replay: 2 });
    const [id = ""] = await put(letter);
    const before = Date.now();
    expect(await replayWith()([id], BY)).toEqual({ replayed: [id], refused: [] });
    const next = replayChunk({ ...letter, identity: letter.identity ?? "" }, 0, SHARDS, platform);
    const [row, ...others] = await outboxRows();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ shard: next.shard, events: 1, bytes: row?.length });
    expect(row?.event).toMatchObject({ dedupKey: next.dedupKeys, replay: 3, type: "order.placed" });
    const { traceparent, tracestate } = letter;
    expect(row?.event).toMatchObject({ traceparent, tracestate });
    expect(Buffer.from(row?.event?.bytes ?? []).equals(letter.bytes)).toBe(true);
    expect(row?.receivedAtMs).toBeGreaterThanOrEqual(before);
  });

  test("has a span that is linked to the contexts of the letters that went, and none where none went", async () => {
    const traces = createTracesSpy();
    const ids = await put(eventOf("a"), eventOf("b", { traceparent: null }), eventOf("c", { replay: 5 }));
    const replay = replayWith({ traces });
    await replay(ids, BY);
    await replay(ids, BY);
    expect(traces.spans("replay")).toMatchObject([
      {
        links: [eventOf("a").traceparent],
        attributes: { "spillway.letters": 2, "spillway.events": 2 },
        failure: undefined,
        hasEnded: true,
      },
    ]);
  });

  test("sends several in the order in which they died", async () => {
    const ids = await put(...["a", "b", "c", "d"].map((id) => eventOf(id, { partitionKey: "one" })));
    const { replayed } = await replayWith()([...ids].reverse(), BY);
    expect([...replayed].sort()).toEqual([...ids].sort());
    const sent = (await outboxRows()).map(({ event }) => JSON.parse(Buffer.from(event?.bytes ?? []).toString()).id);
    expect(sent).toEqual(["a", "b", "c", "d"]);
  });

  test("sends once however often and however much at once it is asked", async () => {
    const ids = await put(eventOf("a"), eventOf("b"), eventOf("c"));
    const replay = replayWith();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => replay(i % 2 ? ids : [...ids].reverse(), BY)),
    );
    expect(answers.flatMap(({ replayed }) => replayed).sort()).toEqual([...ids].sort());
    const codes = new Set(answers.flatMap(({ refused }) => refused.map(({ code }) => code)));
    expect(codes).toEqual(new Set(["replayed"]));
    expect(await outboxRows()).toHaveLength(3);
    expect(await replay([ids[0] ?? "", ids[0] ?? ""], BY)).toMatchObject({
      replayed: [],
      refused: [{ code: "replayed" }],
    });
  });

  test("leaves a letter alone that was discarded after it was read", async () => {
    const [id = ""] = await put(eventOf("a"));
    const commit = await hold(`update dead_letters set discarded_at = now(), discard_reason = 'r' where id = ${id}`);
    const replayed = replayWith()([id], BY);
    await waitingBackend();
    await commit();
    expect(await replayed).toMatchObject({ replayed: [], refused: [{ id, code: "discarded" }] });
    expect(await outboxRows()).toEqual([]);
  });

  test("takes both steps or none when the connection is lost on the way", async () => {
    const ids = await put(eventOf("a"), eventOf("b"));
    const proxy = await startProxy({ port: fresh.server.port });
    const proxied = new URL(fresh.url);
    proxied.port = String(proxy.port);
    // Longer than the test may take: a close() that waits for the clients that lost a connection does not pass.
    const database = openDatabase({ url: proxied.href, statementTimeoutMs: 600_000 });
    const replay = createReplay({ database, shards: SHARDS, platform, deadlineMs: 60_000 });
    const marked = async () =>
      (await fresh.admin`select id from dead_letters where replayed_at is not null order by id`).map(({ id }) => id);

    const [unlockFirst, terminated] = [await hold(LOCK_LETTERS), replay(ids, BY)];
    const refused = expect(terminated).rejects.toMatchObject({ name: "Unavailable" });
    await fresh.admin`select pg_terminate_backend(${await waitingBackend()})`;
    await refused;
    await unlockFirst();
    expect(await marked()).toEqual([]);
    expect(await outboxRows()).toEqual([]);

    const [unlockSecond, unanswered] = [await hold(LOCK_LETTERS), replay(ids, BY)];
    const unknown = expect(unanswered).rejects.toMatchObject({ name: "Unavailable" });
    await waitingBackend();
    proxy.set({ kind: "cut-reply" });
    await unlockSecond();
    await unknown;
    expect(await marked()).toEqual(ids);
    expect(await outboxRows()).toHaveLength(2);

    proxy.set({ kind: "pass" });
    expect((await replay(ids, BY)).replayed).toEqual([]);
    expect(await outboxRows()).toHaveLength(2);
    await database.close();
    await proxy.close();
  });

  test("stops going round: an event that died too often is refused", async () => {
    const [fourth = "", fifth = ""] = await put(eventOf("a", { replay: 4 }), eventOf("b", { replay: 5 }));
    const { replayed, refused } = await replayWith()([fourth, fifth], BY);
    expect(replayed).toEqual([fourth]);
    expect(refused).toEqual([{ id: fifth, code: "replayed_too_often", detail: expect.stringContaining("5 times") }]);
    const [again = ""] = await put(eventOf("c", { replay: 1 }));
    expect(await replayWith({ replayCountMax: 1 })([again], BY)).toMatchObject({ replayed: [] });
  });

  test("refuses what holds no event, what is gone, and what is no id, and replays the rest", async () => {
    const noise = new Uint8Array([255, 254]);
    const [whole = "", damaged = "", nameless = "", fine = ""] = await put(
      letterOf({ index: -1, deadLetterClass: "undecodable" }),
      letterOf({ bytes: noise }),
      letterOf({ bytes: new TextEncoder().encode('{"id":7,"source":"/s"}') }),
      eventOf("fine"),
    );
    const { replayed, refused } = await replayWith()([whole, damaged, nameless, fine, "999", "1; drop table", ""], BY);
    expect(replayed).toEqual([fine]);
    expect(refusals(refused)).toEqual([
      { id: whole, code: "undecodable" },
      { id: damaged, code: "no_identity" },
      { id: nameless, code: "no_identity" },
      { id: "999", code: "not_found" },
      { id: "1; drop table", code: "not_found" },
      { id: "", code: "not_found" },
    ]);
  });

  test("refuses what was discarded until it is restored", async () => {
    const [id = ""] = await put(eventOf("a"));
    const { discard, restore } = createDiscard(fresh);
    await discard([id], { ...BY, reason: "test data" });
    expect(refusals((await replayWith()([id], BY)).refused)).toEqual([{ id, code: "discarded" }]);
    await restore([id], BY);
    expect(await replayWith()([id], BY)).toEqual({ replayed: [id], refused: [] });
  });

  test("reads so many bytes a call; the rest is for the next", async () => {
    const big = { bytes: new TextEncoder().encode(`{"id":"x","source":"/s","data":"${"x".repeat(500)}"}`) };
    const ids = await put(letterOf(big), letterOf(big), letterOf(big));
    const { replayed, refused } = await replayWith({ bytesMax: 1_200 })(ids, BY);
    expect(replayed).toEqual(ids.slice(0, 2));
    expect(refusals(refused)).toEqual([{ id: ids[2], code: "batch_too_large" }]);
    await expect(replayWith()(Array(501).fill("1"), BY)).rejects.toThrow(RangeError);
  });

  test("writes down who did it, and an event that dies again shows its earlier life", async () => {
    const identity = "identity-of-ann-";
    const [first = ""] = await put(eventOf("a", { identity }));
    await replayWith()([first], { by: "ann" });
    const [second = "", stranger = ""] = await put(
      eventOf("a", { identity, replay: 1 }),
      eventOf("a", { replay: 1 }),
      eventOf("other"),
    );
    const inspector = createDeadLetterInspector(fresh);
    await put(eventOf("a", { identity, replay: 2 }));
    const [dead, again] = [await inspector.get(first), await inspector.get(second)];
    expect(dead?.actions).toEqual([{ action: "replay", actor: "ann", reason: null, atMs: expect.any(Number) }]);
    const third = dead?.history[0]?.id;
    expect(again?.history).toMatchObject([{ id: third }, { id: first, status: "replayed" }]);
    expect(again?.firstFailedAtMs).toBe(dead?.createdAtMs);
    expect(again?.createdAtMs).toBeGreaterThan(dead?.createdAtMs ?? 0);
    expect(dead?.history).toMatchObject([{ replay: 2 }, { id: second, replay: 1 }]);
    const theirs = await inspector.get(stranger);
    expect(theirs?.history).toEqual([]);
    expect(theirs?.firstFailedAtMs).toBe(theirs?.createdAtMs);
    // Posted again when its first id was forgotten: what it was is known, and that it was replayed.
    expect(await put(eventOf("a", { identity }))).toEqual([""]);
    expect(await inspector.get(first)).toEqual({ ...dead, history: expect.any(Array) });
  });

  test("cannot be while the outbox is locked, and says so without marking anything", async () => {
    const [id = ""] = await put(eventOf("a"));
    const unlock = await hold("lock table outbox in access exclusive mode");
    await expect(replayWith()([id], BY)).rejects.toMatchObject({ code: "statement_timeout" });
    await unlock();
    expect((await createDeadLetterInspector(fresh).get(id))?.status).toBe("waiting");
    expect(await replayWith()([id], BY)).toMatchObject({ replayed: [id] });
  });
});
