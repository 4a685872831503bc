import {
  createDeadLetterInspector,
  createDeadLetters,
  createDiscard,
  createLetterJobs,
  createReplay,
  type JobOrder,
} from "@spillway/dead-letters";
import { platform } from "@spillway/event/platform-node";
import { beforeEach, describe, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { freshEach } from "../outbox/fresh-database.ts";

/* Jobs as the table and the statements keep them: the lease, the pause, the counts, the plan. */
const fresh = freshEach();
let orders = 0;
/** Each `create` by another form. */
const jobs = () => {
  const { create, ...others } = createLetterJobs(fresh);
  const ordered = async (made: Omit<JobOrder, "key">) => (await create({ ...made, key: `order-${++orders}` })).id;
  return { ...others, create: ordered };
};
const replay = (ids: readonly string[], job: { id: string; runner: string }) =>
  createReplay({ database: fresh.database, shards: 2, platform })(ids, { by: "ann", job });

const order: Omit<JobOrder, "key"> = {
  kind: "replay",
  filter: { status: "waiting", throughId: "3" },
  undoes: null,
  actor: "ann",
  address: "192.0.2.7",
  reason: null,
  planned: 3,
  rate: 500,
  deathsMax: 20,
};

beforeEach(() => createDeadLetters(fresh).put(Array.from({ length: 4 }, () => letterOf())));

const statusesOf = async () =>
  (await fresh.admin`select replayed_at is null as waits from dead_letters order by id`).map(({ waits }) => waits);

describe("a job", () => {
  test("is made once by the orders of one key, also by those that come at once, and stays what it was", async () => {
    const { create, get, page } = createLetterJobs(fresh);
    const made = await Promise.all([1, 2, 3].map(() => create({ ...order, key: "k" })));
    const again = await create({ ...order, rate: 7, key: "k" });
    expect([...made, again].filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set([...made, again].map(({ id }) => id)).size).toBe(1);
    expect((await get(again.id))?.rate).toBe(order.rate);
    expect((await page(null)).jobs).toHaveLength(1);
  });

  test("is taken by one runner at a time, by another only when the lease is over, and the oldest that decides first", async () => {
    const { create, take, move } = jobs();
    const first = await create(order);
    const second = await create(order);
    const taken = await Promise.all(["a", "b", "c", "d"].map((runner) => take(runner)));
    expect(taken.filter((job) => job !== null).map(({ id }) => id)).toEqual([first]);
    const [row] = await fresh.admin<{ runner: string }[]>`select runner from dead_letter_jobs where id = ${first}`;
    const owner = row?.runner ?? "";
    expect(await take(owner)).toMatchObject({ id: first, filter: order.filter, cursor: "0", skipped: {} });
    expect(await take("e")).toBeNull();
    await fresh.admin`update dead_letter_jobs set lease_until = now() - interval '1 second'`;
    expect(await take("e")).toMatchObject({ id: first, runner: "e" });
    await move(first, "decided");
    expect(await take("f")).toMatchObject({ id: second });
    await move(second, "cancel");
    expect(await take("g")).toMatchObject({ id: first, state: "arriving" });
  });

  test("decides nothing once it is paused, cancelled or another runner's, and all that it decided is counted", async () => {
    const { create, take, move, advance, counts } = jobs();
    const id = await create(order);
    const hold = { id, runner: "a" };
    expect((await replay(["1"], hold)).refused).toMatchObject([{ id: "1", code: "waiting" }]);
    await take("a");
    expect((await replay(["1"], hold)).replayed).toEqual(["1"]);
    expect((await replay(["2"], { id, runner: "b" })).refused).toMatchObject([{ code: "waiting" }]);
    expect(await advance({ id, runner: "b" }, "2", {})).toBe(false);
    expect(await move(id, "pause")).toBe(true);
    expect(await move(id, "pause")).toBe(false);
    expect((await replay(["2"], hold)).replayed).toEqual([]);
    expect(await advance(hold, "2", {})).toBe(false);
    const { discard } = createDiscard(fresh);
    expect((await discard(["2"], { by: "ann", reason: "r", job: hold })).discarded).toEqual([]);
    expect(await statusesOf()).toEqual([false, true, true, true]);
    expect(await counts(id)).toEqual({ decided: 1, died: 0 });
  });

  test("counts as died again what came since with the next life of its letters, and nothing else", async () => {
    const { create, take, counts } = jobs();
    const { put } = createDeadLetters(fresh);
    const named = letterOf({ identity: "0123456789abcdef" });
    const stranger = letterOf({ identity: "fedcba9876543210" });
    await put([named, stranger]);
    const id = await create({ ...order, filter: { status: "waiting" } });
    await take("a");
    await replay(["5"], { id, runner: "a" });
    await put([
      { ...stranger, replay: 1 },
      { ...named, replay: 2 },
    ]);
    expect(await counts(id)).toEqual({ decided: 1, died: 0 });
    await put([{ ...named, replay: 1 }]);
    expect(await counts(id)).toEqual({ decided: 1, died: 1 });
  });

  test("has left the outbox when nothing is there that was at its last decision, and waits for its topics alone", async () => {
    const { create, take, drained, parked, get } = jobs();
    const id = await create(order);
    await take("a");
    await replay(["1"], { id, runner: "a" });
    expect([await drained(id), (await get(id))?.drainedAtMs]).toEqual([false, null]);
    await fresh.admin`delete from outbox`;
    await fresh.admin`insert into outbox (shard, chunk, events, bytes) values (0, '\\x00', 1, 1)`;
    expect([await drained(id), (await get(id))?.drainedAtMs]).toEqual([true, expect.any(Number)]);
    const park = (topic: string) =>
      fresh.admin`insert into parking (shard, topic, token, code, events) values (0, ${topic}, 1, 'c', 1)`;
    await park("another");
    expect(await parked(id)).toBe(false);
    await park("events");
    expect(await parked(id)).toBe(true);
    await fresh.admin`update parking set events = 0 where topic = 'events'`;
    expect(await parked(id)).toBe(false);
  });

  test("its discards are found again, to be taken back", async () => {
    const { create, take, discardedBy } = jobs();
    const id = await create({ ...order, kind: "discard", reason: "r" });
    await take("a");
    const { discard, restore } = createDiscard(fresh);
    await discard(["1", "2", "3"], { by: "ann", reason: "r", job: { id, runner: "a" } });
    await discard(["4"], { by: "bob", reason: "by itself" });
    expect(await discardedBy(id, "0", 2)).toEqual(["1", "2"]);
    expect(await discardedBy(id, "2", 2)).toEqual(["3"]);
    expect((await restore(["3"], { by: "ann" })).restored).toEqual(["3"]);
  });

  test("is on the list, the newest first, a page at a time", async () => {
    const { create, page, get } = jobs();
    for (let i = 0; i < 51; i++) await create(order);
    const first = await page(null);
    expect([first.jobs.length, first.jobs[0]?.id, first.older]).toEqual([50, "51", "2"]);
    expect((await page(first.older)).jobs.map(({ id }) => id)).toEqual(["1"]);
    expect(await get("x")).toBeNull();
  });
});

test("a plan counts what would go and what would not, as a replay refuses it, and freezes the last letter", async () => {
  await createDeadLetters(fresh).put([
    letterOf({ replay: 5 }),
    letterOf({ index: -1, identity: null, replay: 7 }),
    letterOf({ identity: "short" }),
    letterOf({ bytes: Uint8Array.of(255) }),
    letterOf({ type: "other", topic: null }),
  ]);
  await createDiscard(fresh).discard(["1"], { by: "ann", reason: "r" });
  const { plan } = createDeadLetterInspector(fresh);
  const all = await plan({ status: "waiting" });
  expect(all).toEqual({
    letters: 8,
    capped: false,
    skipped: { replayed_too_often: 1, undecodable: 1, no_identity: 2 },
    throughId: "9",
  });
  expect(await plan({ status: "waiting", type: "other" })).toEqual({
    letters: 1,
    capped: false,
    skipped: {},
    throughId: "9",
  });
  const { replayed, refused } = await createReplay({ database: fresh.database, shards: 2, platform })(
    Array.from({ length: 8 }, (_, i) => String(i + 2)),
    { by: "ann" },
  );
  expect([replayed.length, refused.length]).toEqual([4, 4]);
});

test("a job's letters follow in the order in which they died, to the last that was frozen", async () => {
  const { following } = createDeadLetterInspector(fresh);
  expect(await following({ status: "waiting", throughId: "3" }, "0", 2)).toEqual({ ids: ["1", "2"], next: "2" });
  expect(await following({ status: "waiting", throughId: "3" }, "2", 2)).toEqual({ ids: ["3"], next: null });
});
