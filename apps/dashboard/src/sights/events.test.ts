import { type EventQuery, type EventState, systemClock, Unavailable } from "@spillway/event";
import { expect, test } from "vitest";
import { createEventSights, type EventPorts } from "./events.ts";

const DEDUP_KEY = "abcdefghijk-_456";
const waits: EventState = { status: "pending", tier: "stream", shard: 1, entry: "5-0", sinceMs: 5 };
const inOutbox: EventState = { status: "pending", tier: "outbox", shard: 1, row: "17", sinceMs: 5 };
const parked: EventState = { status: "pending", tier: "parked", shard: 1, topic: "t", sinceMs: 5 };
const notSeen: EventState = { status: "not_seen", sinceMs: 1, letter: null };

const isWhat = (query: EventQuery): string =>
  "identity" in query ? query.identity : `${query.producer} ${query.source} ${query.id}`;

const setUp = (known: Readonly<Record<string, EventState>>, over: Partial<EventPorts> = {}) => {
  const asked: string[] = [];
  const look = createEventSights({
    lookUp: async (query) => {
      asked.push(isWhat(query));
      return known[isWhat(query)] ?? notSeen;
    },
    letterOf: async (by) =>
      "id" in by && by.id === "dead" ? { identity: "of the letter", source: "/shop", eventId: "dead" } : null,
    ahead: { stream: async () => ({ least: 3, most: 3 }), outbox: async () => ({ least: 9, most: null }) },
    shards: 2,
    reader: null,
    topics: async () => null,
    clock: systemClock,
    ...over,
  });
  return { look, asked };
};
const byId = (id: string) => ({ id, producer: null, source: null });

test("a name is asked for as it is, with the source that a key's events have unless they say another", async () => {
  const { look, asked } = setUp({ "shop /shop 17": waits });
  expect(await look({ id: "17", producer: "shop", source: null })).toMatchObject({
    knownBy: "name",
    state: waits,
    ahead: { least: 3, most: 3 },
  });
  await look({ id: "17", producer: null, source: "/s" });
  expect(asked).toEqual(["shop /shop 17", " /s 17"]);
});

test("by its id alone a dead letter's event is known, and what a dedup key stands for", async () => {
  const relayed: EventState = { status: "relayed", shard: 0, entry: "7-0" };
  const { look } = setUp({ "of the letter": relayed, [DEDUP_KEY]: waits });
  expect(await look(byId("dead"))).toMatchObject({
    knownBy: "letter",
    name: { id: "dead", source: "/shop", producer: null },
    state: relayed,
  });
  expect(await look(byId(DEDUP_KEY))).toMatchObject({ knownBy: "dedup_key", state: waits });
  expect(await look(byId("nobody's"))).toMatchObject({ knownBy: "name", state: notSeen });
  expect(await look(byId(DEDUP_KEY.replace("a", "b")))).toMatchObject({ knownBy: "name", state: notSeen });
});

test("a letter that a dedup key is of says the event's name, also where nothing remembers it", async () => {
  const letterOf: EventPorts["letterOf"] = async (by) =>
    "identity" in by ? { identity: by.identity, source: "/shop", eventId: "17" } : null;
  const { look } = setUp({}, { letterOf });
  expect(await look(byId(DEDUP_KEY))).toMatchObject({
    knownBy: "dedup_key",
    name: { id: "17", source: "/shop" },
    state: notSeen,
  });
});

test.each([
  ["a stream", waits, { least: 3, most: 3 }],
  ["the outbox", inOutbox, { least: 9, most: null }],
  ["a lot that is parked", parked, null],
])("how many are ahead in %s, as far as that is known", async (_, state, ahead) => {
  const { look } = setUp({ " / 17": state });
  expect(await look(byId("17"))).toMatchObject({ state, ahead });
});

test("how many are ahead is unknown where nobody answers, and the rest is not", async () => {
  const away = async () => {
    throw new Unavailable("timeout");
  };
  const { look } = setUp({ " / 17": waits }, { ahead: { stream: away, outbox: away } });
  expect(await look(byId("17"))).toMatchObject({ state: waits, ahead: null });
});
