import { eventually } from "@spillway/backends/eventually";
import {
  createDeadLetterInspector,
  createDeadLetters,
  createDiscard,
  type LetterFilter,
  type LetterPage,
  readGroups,
} from "@spillway/dead-letters";
import type { Sql } from "postgres";
import { describe, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { freshEach } from "../outbox/fresh-database.ts";

/* What an operator looks for among many letters: by group, by what they are, by time, by a word. */
const fresh = freshEach();

const put = (...letters: readonly Parameters<typeof letterOf>[0][]) =>
  createDeadLetters(fresh).put(letters.map((fields) => letterOf(fields)));
const inspector = () => createDeadLetterInspector(fresh);
const idsOf = async (filter: LetterFilter) => (await inspector().page(filter, {}, 100)).letters.map(({ id }) => id);

const bytesOf = (id: string) => new TextEncoder().encode(JSON.stringify({ id, source: "/shop" }));

describe("the groups", () => {
  test("are of what waits, by class, code, topic and type, the largest first, with first, last, days and a sample", async () => {
    expect(await inspector().groups()).toEqual({ groups: [], more: false });
    const oversize = { deadLetterClass: "oversize", type: "invoice.created" } as const;
    await put(oversize, oversize, oversize, { ...oversize, topic: "other" }, oversize, oversize);
    await put({
      deadLetterClass: "undecodable",
      code: "bad_chunk",
      type: null,
      topic: null,
      index: -1,
      identity: null,
    });
    await createDiscard(fresh).discard(["1"], { by: "ann", reason: "a test" });
    await fresh.admin`update dead_letters set replayed_at = now() where id = 2`;
    await fresh.admin`update dead_letters set created_at = now() - interval '30 hours' where id = 3`;
    await fresh.admin`update dead_letters set created_at = now() - interval '30 days' where id = 5`;
    const { groups, more } = await inspector().groups();
    expect(more).toBe(false);
    expect(groups[0]).toMatchObject({
      deadLetterClass: "oversize",
      code: "message_too_large",
      topic: "events",
      type: "invoice.created",
      letters: 3,
      capped: false,
      days: [0, 0, 0, 0, 0, 1, 1],
      sampleId: "6",
    });
    const dayMs = 86_400_000;
    const [group] = groups;
    // Of the letter with the lowest id that waits, whatever its time.
    expect(Math.round(((group?.lastAtMs ?? 0) - (group?.firstAtMs ?? 0)) / dayMs)).toBe(1);
    const rest = groups.slice(1).map(({ topic, type, letters }) => [topic, type, letters]);
    expect(rest.toSorted()).toEqual([
      [null, null, 1],
      ["other", "invoice.created", 1],
    ]);
  });

  test("are jumped to: neither letters that are decided nor more groups than are shown cost anything", async () => {
    await fresh.admin`
      insert into dead_letters (shard, entry, index, class, code, detail, type, replay, attempts, bytes, discarded_at)
      select 0, n::text, 0, 'poison', 'c', 'd', 'type-' || n % 300, 0, 1, '', case when n > 9000 then now() end
      from generate_series(1, 20000) as n`;
    await fresh.admin`vacuum analyze dead_letters`;
    const { groups, more } = await inspector().groups();
    expect([groups.length, more]).toEqual([100, true]);
    expect(new Set(groups.map(({ letters }) => letters))).toEqual(new Set([30]));
  });
});

test("groups are counted exactly where no more wait than can be, else each up to its share, and that is said", async () => {
  await fresh.admin`
    insert into dead_letters (shard, entry, index, class, code, detail, type, replay, attempts, bytes)
    select 0, n::text, 0, 'poison', 'c', 'd', case when n <= 900 then 'many' else 'few' end, 0, 1, ''
    from generate_series(1, 1000) as n`;
  const run = <T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> => fresh.database.run(5_000, query);
  const counted = async (countedMax: number) =>
    (await readGroups(run, countedMax)).groups.map(({ type, letters, capped }) => [type, letters, capped]);
  expect(await counted(1_000)).toEqual([
    ["many", 900, false],
    ["few", 100, false],
  ]);
  expect(await counted(999)).toEqual([
    ["many", 499, true],
    ["few", 100, false],
  ]);
});

describe("a filter", () => {
  test("finds by each thing that a letter is, alone and together, and by null", async () => {
    await put(
      { type: "a", topic: "t1", partitionKey: "k1", bytes: bytesOf("e1") },
      { type: "b", topic: "t2", partitionKey: "k1", bytes: bytesOf("e2"), code: "policy_violation" },
      { type: null, topic: null, partitionKey: null, index: -1, identity: null, bytes: Uint8Array.of(255) },
    );
    expect(await idsOf({ code: "policy_violation" })).toEqual(["2"]);
    expect(await idsOf({ topic: "t1" })).toEqual(["1"]);
    expect(await idsOf({ topic: null })).toEqual(["3"]);
    expect(await idsOf({ type: null })).toEqual(["3"]);
    expect(await idsOf({ partitionKey: "k1" })).toEqual(["2", "1"]);
    expect(await idsOf({ partitionKey: "k1", eventId: "e1" })).toEqual(["1"]);
    expect(await idsOf({ source: "/shop" })).toEqual(["2", "1"]);
    expect(await idsOf({ throughId: "1" })).toEqual(["1"]);
    const group = { deadLetterClass: "poison", code: "message_too_large", topic: "t1", type: "a" } as const;
    expect(await idsOf(group)).toEqual(["1"]);
    expect(await idsOf({ ...group, topic: null, type: null })).toEqual(["3"]);
    expect(await idsOf({ ...group, source: "/elsewhere" })).toEqual([]);
  });

  test("finds a word as it is written, in any case, and no pattern", async () => {
    await put({ detail: "Too LARGE by 100%" }, { detail: "other", type: "x_y" }, { bytes: bytesOf("Id-7") });
    expect(await idsOf({ text: "large by 100%" })).toEqual(["1"]);
    expect(await idsOf({ text: "x_y" })).toEqual(["2"]);
    expect(await idsOf({ text: "x%y" })).toEqual([]);
    expect(await idsOf({ text: "id-7" })).toEqual(["3"]);
  });

  test("finds by the time of death, also where ids and times are out of order by a moment", async () => {
    await put({}, {}, {}, {});
    for (const [id, ago] of [
      ["1", "3 hours"],
      ["2", "2 hours"],
      ["3", "2 hours 5 seconds"],
      ["4", "1 hour"],
    ] as const)
      await fresh.admin`update dead_letters set created_at = now() - ${ago}::interval where id = ${id}`;
    const agoMs = (hours: number) => Date.now() - hours * 3_600_000;
    expect(await idsOf({ sinceMs: agoMs(2) - 2_000 })).toEqual(["4", "2"]);
    expect(await idsOf({ untilMs: agoMs(2) - 2_000 })).toEqual(["3", "1"]);
    expect(await idsOf({ sinceMs: agoMs(2.5), untilMs: agoMs(1.5) })).toEqual(["3", "2"]);
    expect(await idsOf({ sinceMs: agoMs(0.5) })).toEqual([]);
    expect(await idsOf({ untilMs: agoMs(4) })).toEqual([]);
  });
});

/** 50,000 letters of events of their own, of which one is unlike the others and lies deep. */
const fill = async () => {
  await fresh.admin`
    insert into dead_letters (shard, entry, index, class, code, detail, topic, type, partition_key, dedup_key, replay, attempts,
      bytes, source, event_id)
    select 0, n::text, 0, 'poison', case n when 7 then 'rare' else 'c' end, 'd', 't', case when n % 10 = 3 and n > 46000 then 'new' else 'type-' || n % 10 end, 'key-' || n,
      'identity-' || n, 0, 1, '', '/s', 'event-' || n
    from generate_series(1, 50000) as n`;
  await fresh.admin`vacuum analyze dead_letters`;
};

type Reads = { readonly sequential: number; readonly rows: number };
const readsOf = async (): Promise<Reads> => {
  const [row] = await fresh.admin<Reads[]>`
    select seq_scan::int as sequential, coalesce(idx_tup_fetch, 0)::int as rows from pg_stat_user_tables
    where relname = 'dead_letters'`;
  return row ?? { sequential: 0, rows: 0 };
};

/** What a look costs the server; its statistics are whole when the connections are closed. */
const costOf = async (look: () => Promise<unknown>): Promise<Reads> => {
  const before = await readsOf();
  await look();
  await fresh.database.close();
  let last = await readsOf();
  await eventually("the statistics stand still", async () => {
    const now = await readsOf();
    const isStill = now.rows === last.rows && now.rows + now.sequential > before.rows + before.sequential;
    last = now;
    return isStill;
  });
  return { sequential: last.sequential - before.sequential, rows: last.rows - before.rows };
};

describe("with many letters", () => {
  // Of the letters of the type and of the group no one is among the newest 4,000.
  test.each<[string, LetterFilter, number]>([
    ["the newest", {}, 60],
    ["what waits", { status: "waiting" }, 60],
    ["a type", { type: "type-3" }, 60],
    ["a key", { partitionKey: "key-9" }, 10],
    ["an id", { eventId: "event-9" }, 10],
    ["a time", { untilMs: Date.now() + 3_600_000 }, 70],
    ["a group", { status: "waiting", deadLetterClass: "poison", code: "c", topic: "t", type: "type-3" }, 60],
  ])("a page by %s reads few rows, and no table from end to end", async (_, filter, rowsMax) => {
    await fill();
    const { sequential, rows } = await costOf(() => inspector().page(filter, {}, 50));
    expect(sequential).toBe(0);
    expect(rows).toBeLessThanOrEqual(rowsMax);
  });

  test("a search goes a part at a time, says so, and finds what lies deep", async () => {
    await fill();
    let older: string | null = null;
    for (const next of ["40001", "30001", "20001", "10001"]) {
      const part: LetterPage = await inspector().page({ code: "rare" }, older === null ? {} : { before: older }, 50);
      expect(part).toMatchObject({ letters: [], searched: 10_000, older: next });
      older = part.older;
    }
    const last = await inspector().page({ code: "rare" }, { before: older ?? "" }, 50);
    expect(last).toMatchObject({ letters: [{ id: "7" }], searched: null, older: null });
    const up = await inspector().page({ code: "rare" }, { after: "7" }, 50);
    expect(up).toMatchObject({ letters: [], searched: 10_000, newer: "10007" });
    const found: string[] = [];
    for await (const { id } of inspector().export({ code: "rare" })) found.push(id);
    expect(found).toEqual(["7"]);
  });

  test("of two things that no letter has both of, no more are read than have the first", async () => {
    // Half of all were replayed, and none of these 5,000: an index of the replayed would be cheaper in the planner's eyes.
    await fresh.admin`
      insert into dead_letters (shard, entry, index, class, code, detail, type, dedup_key, replay, attempts, bytes, replayed_at)
      select 0, n::text, 0, 'poison', 'c', 'd', case when n % 20 = 3 then 'few' else 'many' end, 'identity-' || n, 0, 1, '',
        case when n % 2 = 0 then now() end
      from generate_series(1, 100000) as n`;
    await fresh.admin`vacuum analyze dead_letters`;
    const { rows } = await costOf(async () => expect(await idsOf({ type: "few", status: "replayed" })).toEqual([]));
    expect(rows).toBeLessThanOrEqual(10_010);
  });

  test("a plan counts 10,000 of them at most, of a search among the 10,000 that a job begins with, and says so", async () => {
    await fill();
    const { plan } = inspector();
    expect(await plan({ status: "waiting" })).toMatchObject({ letters: 10_000, capped: true });
    expect(await plan({ status: "waiting", type: "new" })).toMatchObject({ letters: 400, capped: false });
    expect(await plan({ status: "waiting", code: "rare" })).toMatchObject({ letters: 1, capped: true });
  });

  test("a plan of a search looks at no more than it says", async () => {
    await fill();
    const { rows } = await costOf(() => inspector().plan({ status: "waiting", text: "nothing" }));
    expect(rows).toBeLessThanOrEqual(10_010);
  });

  test("one has its neighbours among those of the filter, and none where there is none", async () => {
    await fill();
    const { beside } = inspector();
    expect(await beside({}, "7")).toEqual({ newer: "8", older: "6" });
    expect(await beside({ status: "waiting", type: "new" }, "46013")).toEqual({ newer: "46023", older: "46003" });
    expect(await beside({ status: "waiting", type: "new" }, "46003")).toEqual({ newer: "46013", older: null });
    expect(await beside({}, "x")).toEqual({ newer: null, older: null });
  });

  test("a neighbour costs no more rows than there are of its type", async () => {
    await fill();
    const { sequential, rows } = await costOf(() => inspector().beside({ status: "waiting", type: "new" }, "46013"));
    expect(sequential).toBe(0);
    // Of 400 of a type the server sorts all.
    expect(rows).toBeLessThanOrEqual(800);
  });
});
