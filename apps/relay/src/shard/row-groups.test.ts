import { encodeChunk, type OutboxRow, sealEvent } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { seededRandom } from "@spillway/event/seeded-random";
import { describe, expect, test } from "vitest";
import { groupsOf, type ReadableRows, runsOf } from "./row-groups.ts";

const random = seededRandom(1);
/** Such as no compression makes smaller. */
const noise = (bytes: number) => Uint8Array.from({ length: bytes }, () => random() * 256);

const rowOf = (id: number, events: number, bytes = 10): OutboxRow => {
  const ids = Array.from({ length: events }, (_, n) => ({ id: `${id}-${n}`, source: "s", type: "t" }));
  const sealed = ids.map((event) =>
    sealEvent({ ...event, partitionKey: null, traceparent: null }, noise(bytes), 1, platform, "shop"),
  );
  const chunk = encodeChunk({ receivedAtMs: id, events: sealed }, platform);
  return { id: String(id), shard: 0, chunk, events, putBy: null };
};
/** With these rows, of `events` each. */
const groupOf = (...rows: readonly [writer: string | null, total: number, events: number][]): ReadableRows => {
  const put = rows.map(([writer, total, events], id): OutboxRow => {
    const row = rowOf(id, events);
    return writer === null ? row : { ...row, putBy: [writer, total] };
  });
  const [group] = groupsOf(put, 100, platform);
  if (group === undefined || "why" in group) throw new Error("they can be read");
  return group;
};
const damaged: OutboxRow = { id: "9", shard: 0, chunk: new Uint8Array(50), events: 2, putBy: null };

const shapeOf = (rows: readonly OutboxRow[], eventsMax: number) =>
  groupsOf(rows, eventsMax, platform).map((group) =>
    "why" in group ? `not ${group.row.id}` : group.rows.map(({ id }) => id).join(" "),
  );

describe("rows of the outbox", () => {
  test("enter in groups up to the limit, in their order; one above it is alone", () => {
    expect(shapeOf([rowOf(1, 2), rowOf(2, 2), rowOf(3, 1), rowOf(4, 9), rowOf(5, 1)], 4)).toEqual([
      "1 2",
      "3",
      "4",
      "5",
    ]);
    expect(shapeOf([], 4)).toEqual([]);
  });

  test("are no more in a group than half a MiB", () => {
    const large = 200 * 1024;
    expect(shapeOf([rowOf(1, 1, large), rowOf(2, 1, large), rowOf(3, 1, large)], 100)).toEqual(["1 2", "3"]);
  });

  test("do not pass one that nobody can read, nor does what is before it go with what is behind", () => {
    expect(shapeOf([rowOf(1, 1), damaged, rowOf(2, 1), rowOf(3, 1)], 100)).toEqual(["1", "not 9", "2 3"]);
  });

  test("are told as runs of each writer's events, as far as their numbers follow each other", () => {
    expect(runsOf(groupOf(["v", 3, 2], ["v", 4, 1], [null, 0, 1], [null, 0, 2], ["w", 1, 1], ["v", 9, 1]))).toEqual([
      ["v", 4, 3],
      [null, 0, 3],
      ["w", 1, 1],
      ["v", 9, 1],
    ]);
    expect(runsOf(groupOf(["v", 3, 1], ["v", 5, 1]))).toEqual([
      ["v", 3, 1],
      ["v", 5, 1],
    ]);
    expect(runsOf(groupOf([null, 0, 2], [null, 0, 1]))).toEqual([]);
  });
});
