import { eventually } from "@spillway/backends/eventually";
import {
  createDeadLetterInspector,
  createDeadLetters,
  createDiscard,
  type LetterCursor,
  type LetterFilter,
} from "@spillway/dead-letters";
import type { Database } from "@spillway/postgres";
import { describe, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { freshEach } from "../outbox/fresh-database.ts";

const fresh = freshEach();

const put = (...letters: readonly Parameters<typeof letterOf>[0][]) =>
  createDeadLetters(fresh).put(letters.map((fields) => letterOf(fields)));

const inspector = () => createDeadLetterInspector(fresh);

const idsOf = async (filter: LetterFilter, cursor: LetterCursor = {}, rowsMax = 100) =>
  (await inspector().page(filter, cursor, rowsMax)).letters.map(({ id }) => id);

describe("the list of dead letters", () => {
  test("pages through all of them, newest first, while more arrive, and back", async () => {
    await put(...Array.from({ length: 25 }, () => ({})));
    const seen: string[][] = [];
    const look = async (cursor: LetterCursor) => {
      const page = await inspector().page({}, cursor, 10);
      seen.push(page.letters.map(({ id }) => id));
      await put({});
      return page;
    };
    let page = await look({});
    while (page.older !== null) page = await look({ before: page.older });
    expect(seen.flat()).toEqual(Array.from({ length: 25 }, (_, i) => String(25 - i)));
    seen.length = 0;
    while (page.newer !== null) page = await look({ after: page.newer });
    const back = seen.flatMap((ids) => ids.toReversed());
    expect(back.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => String(6 + i)));
    expect(back).toEqual(back.toSorted((a, b) => Number(a) - Number(b)));
  });

  test("filters by status, class and type, alone and together", async () => {
    const long = "type".repeat(256);
    await put(
      { deadLetterClass: "poison", type: "a" },
      { deadLetterClass: "oversize", type: "a" },
      { deadLetterClass: "oversize", type: "b" },
      { deadLetterClass: "undecodable", type: null, index: -1 },
      { deadLetterClass: "rejected", type: long },
    );
    await fresh.admin`update dead_letters set replayed_at = now() where id = 2`;
    await fresh.admin`update dead_letters set discarded_at = now() where id = 3`;
    expect(await idsOf({})).toEqual(["5", "4", "3", "2", "1"]);
    expect(await idsOf({ status: "waiting" })).toEqual(["5", "4", "1"]);
    expect(await idsOf({ status: "replayed" })).toEqual(["2"]);
    expect(await idsOf({ status: "discarded" })).toEqual(["3"]);
    expect(await idsOf({ deadLetterClass: "oversize" })).toEqual(["3", "2"]);
    expect(await idsOf({ type: "a" })).toEqual(["2", "1"]);
    expect(await idsOf({ type: long })).toEqual(["5"]);
    expect(await idsOf({ type: "a", status: "waiting", deadLetterClass: "poison" })).toEqual(["1"]);
    expect(await idsOf({ type: "none" })).toEqual([]);
  });

  test("shows what a letter is without fetching its bytes", async () => {
    await put({ bytes: new TextEncoder().encode('{"id":"x","source":"/s"}'), attempts: 3, replay: 1 });
    const [letter] = (await inspector().page({}, {}, 10)).letters;
    expect(letter).toEqual({
      id: "1",
      status: "waiting",
      deadLetterClass: "poison",
      code: "message_too_large",
      detail: "the broker refused the record",
      topic: "events",
      type: "order.placed",
      source: "/s",
      eventId: "x",
      partitionKey: "customer-1",
      shard: 0,
      entry: expect.any(String),
      index: 0,
      replay: 1,
      attempts: 3,
      bytesLength: 24,
      receivedAtMs: 1_795_000_000_123,
      firstFailedAtMs: expect.any(Number),
      createdAtMs: expect.any(Number),
      replayedAtMs: null,
      discardedAtMs: null,
      discardReason: null,
    });
  });

  test("takes any cursor and any id without a word of SQL", async () => {
    await put({});
    for (const odd of ["", "0", "-1", "1e3", "'; drop table dead_letters; --", "9".repeat(40)]) {
      expect(await inspector().get(odd)).toBeNull();
      expect((await idsOf({}, { before: odd })).length).toBeLessThanOrEqual(1);
    }
    expect(await idsOf({ type: "'; drop table dead_letters; --" })).toEqual([]);
    expect(await idsOf({})).toEqual(["1"]);
  });
});

test("no more rows are fetched than are shown, by a page, an export or a refusal", async () => {
  await put(...Array.from({ length: 45 }, () => ({})));
  let most = 0;
  const database: Database = {
    ...fresh.database,
    run: async (deadlineMs, query) => {
      const rows = await fresh.database.run(deadlineMs, query);
      most = Math.max(most, (rows as readonly unknown[]).length);
      return rows;
    },
  };
  const watched = createDeadLetterInspector({ database });
  await watched.page({}, {}, 10);
  expect(most).toBe(11);
  for await (const _ of watched.export({})) expect(most).toBe(21);
  most = 0;
  await createDiscard({ database }).restore(["7", "9"], { by: "operator" });
  expect(most).toBe(2);
});

describe("one dead letter", () => {
  test("comes whole, with its very bytes", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await put({ bytes });
    const letter = await inspector().get("1");
    expect(Buffer.from(letter?.bytes ?? []).equals(bytes)).toBe(true);
    expect(letter).toMatchObject({ source: null, eventId: null, history: [], actions: [] });
    expect(await inspector().get("2")).toBeNull();
  });

  test("keeps texts that Postgres would not, rather than hold up its shard", async () => {
    const bytes = new TextEncoder().encode('{"id":"a\\u0000b","source":"/s"}');
    await put({ detail: `\u0000${"x".repeat(5_000)}`, type: "a\u0000", partitionKey: "\ud800", bytes });
    const letter = await inspector().get("1");
    expect(letter).toMatchObject({ type: "a\ufffd", partitionKey: "\ufffd", eventId: "a\ufffdb" });
    expect(letter?.detail.length).toBeLessThanOrEqual(1_000);
  });

  test("shows so many of what was done to it, oldest first, and so many of its other lives, newest first", async () => {
    await put(
      ...Array.from({ length: 60 }, (_, replay) => ({
        identity: "one",
        replay,
        bytes: new TextEncoder().encode('{"id":"x","source":"/s"}'),
      })),
    );
    await fresh.admin`
      insert into dead_letter_actions (id, letter, action, actor) overriding system value
      select 200 - n, 7 + n / 150, 'replay', n::text from generate_series(1, 160) as n`;
    const letter = await inspector().get("7");
    expect(letter?.actions.map(({ actor }) => actor)).toEqual(Array.from({ length: 100 }, (_, i) => String(149 - i)));
    expect(letter?.history.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, i) => String(60 - i)));
    expect(await inspector().get("8")).toMatchObject({ actions: { length: 11 } });
  });

  test("takes ids and types longer than an index row may be", async () => {
    const long = Array.from({ length: 1_024 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000))).join("");
    await put({ type: long, bytes: new TextEncoder().encode(JSON.stringify({ id: long, source: long })) });
    expect(await inspector().get("1")).toMatchObject({ type: long, eventId: long, source: long });
    expect(await idsOf({ type: long })).toEqual(["1"]);
  });
});

/** Many letters, each of an event of its own; few rows would be read as they lie, whatever the condition. */
const fill = (rows: number) => fresh.admin`
  insert into dead_letters (shard, entry, index, class, code, detail, type, dedup_key, replay, attempts, bytes, event_id)
  select 0, n::text, 0, case n when 1 then 'oversize' else 'poison' end, 'c', 'd', 'type-' || n, 'identity-' || n, 0, 1,
    '', 'event-' || n
  from generate_series(1, ${rows}) as n`;

describe("what is looked for by a type or an identity", () => {
  const event7 = {
    identity: "identity-7",
    replay: 1,
    bytes: new TextEncoder().encode('{"id":"event-7","source":"/s"}'),
  };
  test.each([
    ["a type", "dead_letters_type", () => idsOf({ type: "type-7" }), ["7"]],
    ["an event's history", "dead_letters_life", async () => (await inspector().get("7"))?.history, []],
    ["an event's first death", "dead_letters_life", () => put(event7), undefined],
  ])("is found by an index: %s", async (_, index, look, found) => {
    await fill(2_000);
    await fresh.admin`analyze dead_letters`;
    const uses = async () => {
      const [row] = await fresh.admin<{ uses: number }[]>`
        select idx_scan::int as uses from pg_stat_user_indexes where indexrelname = ${index}`;
      return row?.uses ?? 0;
    };
    const before = await uses();
    expect(await look()).toEqual(found);
    await fresh.database.close();
    await eventually("the index was used", async () => (await uses()) > before);
  });
});

describe("the counts", () => {
  test("are of waiting letters, by class, with the age of the oldest", async () => {
    expect(await inspector().counts()).toEqual({
      byClass: { poison: 0, oversize: 0, rejected: 0, undecodable: 0 },
      total: 0,
      capped: false,
      oldestAtMs: null,
    });
    await put({}, {}, { deadLetterClass: "oversize" }, {}, { deadLetterClass: "rejected" });
    await fresh.admin`update dead_letters set created_at = created_at + id * interval '1 second'`;
    await fresh.admin`update dead_letters set replayed_at = now() where id = 1`;
    await fresh.admin`update dead_letters set discarded_at = now() where id = 2`;
    // Read as the rows lie, the oldest is not the first that is met: an update moves a row behind the others.
    await fresh.admin`update dead_letters set attempts = 2 where id = 3`;
    await fresh.admin`drop index dead_letters_waiting`;
    const counts = await inspector().counts();
    expect(counts).toMatchObject({ byClass: { poison: 1, oversize: 1, rejected: 1, undecodable: 0 }, total: 3 });
    expect(counts.oldestAtMs).toBe((await inspector().get("3"))?.createdAtMs);
  });
});

test("the counts are of the newest letters when too many wait", async () => {
  await fill(100_002);
  const counts = await inspector().counts();
  expect(counts).toMatchObject({ byClass: { poison: 100_001, oversize: 0 }, total: 100_001, capped: true });
  expect(counts.oldestAtMs).toBe((await inspector().get("1"))?.createdAtMs);
});

describe("the export", () => {
  test("yields every letter that the filter lets through, with its bytes", async () => {
    await put(...Array.from({ length: 45 }, (_, i) => ({ deadLetterClass: i % 3 ? "poison" : "oversize" }) as const));
    const exported: string[] = [];
    for await (const letter of inspector().export({ deadLetterClass: "poison" })) {
      expect(letter.bytes.length).toBe(letter.bytesLength);
      exported.push(letter.id);
    }
    expect(exported).toEqual(await idsOf({ deadLetterClass: "poison" }));
    expect(exported).toHaveLength(30);
  });
});
