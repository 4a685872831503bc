import { systemClock } from "@spillway/event";
import { expect, test } from "vitest";
import { look } from "./overview.ts";
import type { BreakerRow, DashboardPorts } from "./ports.ts";

const NOW_MS = 1_000_000;

const seeing = (oldestAgeMs: number | null, outboxAgeMs: number | null): DashboardPorts => {
  const counts = {
    backlogEvents: 1,
    backlogBytes: 1,
    relayed: 0,
    dead: 0,
    parked: 0,
    owner: "r1",
    divertedForMs: null,
  };
  const outbox = { shard: 0, rows: 1, events: 1, oldestAtMs: NOW_MS - (outboxAgeMs ?? 0), exact: true };
  const ports: Partial<DashboardPorts> = {
    shards: async () => [{ shard: 0, known: { ...counts, oldestAgeMs } }],
    outbox: async () => (outboxAgeMs === null ? [] : [outbox]),
    breakers: async () => [],
    parked: async () => [],
    unaccounted: async () => 0,
    acknowledgeLoss: async () => 0,
    totals: async () => ({
      byClass: { poison: 0, oversize: 0, rejected: 0, undecodable: 0 },
      total: 0,
      capped: false,
      oldestAtMs: null,
    }),
    clock: { ...systemClock, wallMs: () => NOW_MS },
  };
  return ports as DashboardPorts;
};

test.each([
  ["nothing waits", null, null, []],
  ["an event is on its way", 900, null, []],
  ["an event waits in a stream", 11_000, null, [/^the oldest event has waited 11 s for Kafka/]],
  ["an event waits in the outbox", 900, 12_000, [/^the oldest event has waited 12 s for Kafka/, /^1 event waits in/]],
])("the verdict when %s", async (_name, stream, outbox, said) => {
  const { troubles } = await look(seeing(stream, outbox));
  expect(troubles).toEqual(said.map((text) => expect.stringMatching(text)));
});

test.each<[BreakerRow["promise"], BreakerRow["eventsGoTo"], RegExp[]]>([
  [{ state: "kept" }, "stream", []],
  [{ state: "unknown", because: ["appendonly"] }, "stream", []],
  [null, null, []],
  [{ state: "broken", because: ["appendonly"] }, "outbox", [/^events go by the outbox/]],
  [{ state: "broken", because: ["appendonly"] }, "stream", [/loses events that are accepted now$/]],
  [{ state: "broken", because: ["appendonly"] }, "nowhere", [/the edge refuses every event$/]],
])("the verdict when the promise is %j and events go to the %s", async (promise, eventsGoTo, said) => {
  const row: BreakerRow = { name: "stream", status: "up", warnings: [], promise, eventsGoTo };
  const { troubles } = await look({ ...seeing(null, null), breakers: async () => [row] });
  expect(troubles).toEqual(said.map((text) => expect.stringMatching(text)));
});

test("names a parked topic once, and counts what of it came through as relayed, what died as dead", async () => {
  const counts = { backlogEvents: 2, backlogBytes: 1, oldestAgeMs: 1, owner: "r1", divertedForMs: null };
  const lot = { shard: 0, topic: "orders", token: 1, code: "not_leader", bytes: 1, died: 0 };
  const { troubles, shards, lots } = await look({
    ...seeing(null, null),
    shards: async () => [{ shard: 0, known: { ...counts, relayed: 10, dead: 1, parked: 50 } }],
    parked: async () => [
      { ...lot, sinceMs: NOW_MS - 90_000, events: 20, died: 3 },
      { ...lot, shard: 1, sinceMs: NOW_MS - 95_000, code: "unknown_topic", events: 5 },
      { ...lot, topic: "users", sinceMs: 0, events: 0 },
    ],
  });
  expect(troubles).toEqual(["topic orders takes nothing (unknown_topic): 25 events are parked, for 95 s"]);
  expect(shards[0]?.known).toMatchObject({ backlogEvents: 2, relayed: 10 + 50 - 20 - 3, dead: 1 + 3 });
  expect(lots).toMatchObject([{ topic: "orders", events: 25, sinceMs: NOW_MS - 95_000 }]);
});
