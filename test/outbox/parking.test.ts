import { eventually } from "@spillway/backends/eventually";
import { type Lease, type ParkedEvent, type Parking, type ParkingLimits, systemClock } from "@spillway/event";
import { createParking } from "@spillway/outbox";
import { expect, test } from "vitest";
import { freshEach } from "./fresh-database.ts";

const fresh = freshEach();

const TOPIC = "orders";
const ROOM = { eventsMax: 1e9, bytesMax: 1e9 };

const eventsOf = (from: number, count: number): ParkedEvent[] =>
  Array.from({ length: count }, (_, i) => ({
    ref: `${from + i}-0 AQA`,
    index: 0,
    chunk: new Uint8Array(1 + ((from + i) % 50)),
  }));

/** Each under a writer of its own. */
const createPuts = (parking: Parking) => {
  let writers = 0;
  return async (lease: Lease, topic: string, events: readonly ParkedEvent[], limits: ParkingLimits) =>
    (await parking.put(lease, topic, events, limits, { writer: `writer-${++writers}`, floor: 0 })).kind;
};

/** What is there, against what is counted. */
const counted = async () => {
  const [topic] = await createParking({ database: fresh.database }).topics([0]);
  const [rows] = await fresh.admin<{ events: number; bytes: number }[]>`
    select count(*)::int as events, coalesce(sum(octet_length(chunk)), 0)::int as bytes from parked_events`;
  return { told: { events: topic?.events, bytes: topic?.bytes }, there: { ...rows } };
};

test("what is counted is what is there, whoever puts and removes at the same time", async () => {
  const parking = createParking({ database: fresh.database });
  const puts = createPuts(parking);
  const lease = (token: number) => ({ shard: 0, owner: `owner-${token}`, token });
  await parking.open(lease(1), TOPIC, { code: "unknown_topic" });
  const remove = async () => {
    const rows = await parking.oldest(0, TOPIC, "0", 40);
    await parking.remove(0, TOPIC, { relayed: rows.slice(3), dead: rows.slice(0, 3) });
  };
  for (let token = 1; token <= 8; token++) {
    const asked = [
      puts(lease(token), TOPIC, eventsOf(token * 100, 60), ROOM),
      remove(),
      puts(lease(token), TOPIC, eventsOf(token * 100 + 30, 60), ROOM),
      parking.open(lease(token + 1), TOPIC, null),
      puts(lease(token), TOPIC, eventsOf(token * 100 + 50, 60), ROOM),
      remove(),
    ];
    await Promise.allSettled(asked);
    const { told, there } = await counted();
    expect(told).toEqual(there);
  }
});

test("a put that waits for the next owner's opening puts nothing", async () => {
  const parking = createParking({ database: fresh.database });
  await parking.open({ shard: 0, owner: "one", token: 1 }, TOPIC, { code: "unknown_topic" });
  const opened = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const taken = fresh.admin.begin(async (tx) => {
    await tx`update parking set token = 2 where topic = ${TOPIC}`;
    locked.resolve();
    await opened.promise;
  });
  await locked.promise;
  const put = createPuts(parking)({ shard: 0, owner: "one", token: 1 }, TOPIC, eventsOf(0, 3), ROOM);
  const waits = async () =>
    (await fresh.admin`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%parked_events%'`)
      .length > 0;
  await eventually("it waits for the row", waits);
  opened.resolve();
  await taken;
  expect(await put).toBe("fenced");
  expect((await counted()).there).toEqual({ events: 0, bytes: 0 });
});

test("what has the id of an event that is removed stays", async () => {
  const parking = createParking({ database: fresh.database });
  const lease = { shard: 0, owner: "one", token: 1 };
  await parking.open(lease, TOPIC, { code: "unknown_topic" });
  await parking.put(lease, TOPIC, eventsOf(0, 2), ROOM, { writer: "before", floor: 0 });
  const before = await parking.oldest(0, TOPIC, "0", 9);
  // As a standby does that lagged when it was promoted.
  await fresh.admin`delete from parked_events`;
  await fresh.admin.unsafe("alter table parked_events alter column id restart with 1");
  await fresh.admin`update parking set events = 0, bytes = 0`;
  const again = await parking.put(lease, TOPIC, eventsOf(5, 2), ROOM, { writer: "after", floor: 0 });
  expect(again).toMatchObject({ kind: "ok", first: before[0]?.id });
  await parking.remove(0, TOPIC, { relayed: before.slice(0, 1), dead: before.slice(1) });
  expect((await parking.oldest(0, TOPIC, "0", 9)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  const { told, there } = await counted();
  expect([told, there.events]).toEqual([there, 2]);
});

test("an event is removed without a look at the others of its topic, in a table that nobody has analyzed", async () => {
  const parking = createParking({ database: fresh.database });
  const lease = { shard: 0, owner: "one", token: 1 };
  await parking.open(lease, TOPIC, { code: "unknown_topic" });
  const WAITING = 20_000;
  for (let from = 0; from < WAITING; from += 1_000)
    await parking.put(lease, TOPIC, eventsOf(from, 1_000), ROOM, { writer: `w${from}`, floor: 0 });
  const reads = async () => {
    const [row] = await fresh.admin<{ reads: number }[]>`
      select (select seq_tup_read from pg_stat_user_tables where relname = 'parked_events')::int + (
        select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'parked_events')::int as reads`;
    return row?.reads ?? 0;
  };
  // What each connection has seen is told a second later.
  await systemClock.sleep(1_500);
  const before = await reads();
  for (let from = 0; from < 1_000; from += 100)
    await parking.remove(0, TOPIC, { relayed: eventsOf(from, 100), dead: [] });
  await systemClock.sleep(1_500);
  await parking.topics([0]);
  await eventually("the reads are told", async () => (await reads()) - before >= 1_000);
  expect((await reads()) - before).toBeLessThan(5 * 1_000);
  const { told, there } = await counted();
  expect([told, there.events]).toEqual([there, WAITING - 1_000]);
});
