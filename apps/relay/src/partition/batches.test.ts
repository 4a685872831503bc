import type { Outcome } from "@spillway/event";
import { describe, expect, test } from "vitest";
import type { RelayRecord } from "../shard/in-hand.ts";
import { createBatches } from "./batches.ts";
import { indexes, recordOf, termOf } from "./record.fixture.ts";
import { freshSegment, type Segment } from "./segment.ts";

const outage: Outcome = { kind: "retriable", code: "outage" };
const FIRST = 500;

/** `keys`: of the records that wait, a letter each. */
const make = (keys: string) => {
  const term = termOf(0);
  const left: Segment[] = [];
  const unsent: RelayRecord[] = [];
  const asked = {
    held: 0,
    avoided: null as ReadonlySet<string> | null,
    get isClear() {
      return left.length === 0 && asked.held === 0;
    },
    next: () => left.pop() ?? null,
    takeBack: () => unsent.splice(0),
    inOrder: (waiting: readonly RelayRecord[]) => waiting.toSorted((a, b) => a.index - b.index),
  };
  const batches = createBatches(asked, { waitMs: (waiting) => waiting });
  for (const [index, key] of [...keys].entries()) batches.push({ ...recordOf(index, term), key });
  const next = () => {
    const segment = batches.next();
    return segment === null ? null : indexes(segment.records).join(" ");
  };
  return { asked, batches, left, unsent, next, term };
};

describe("the next batch", () => {
  test("is what is left of the last one, then all that waits", () => {
    const { left, next, term } = make("abc");
    left.push(freshSegment([recordOf(7, term)]));
    expect([next(), next(), next()]).toEqual(["7", "0 1 2", null]);
  });

  test("has what was put back of the last one in its place", () => {
    const { batches, next, term, unsent } = make("ab");
    expect(next()).toBe("0 1");
    batches.push(recordOf(0, term));
    batches.push(recordOf(2, term));
    unsent.push(recordOf(1, term));
    expect(next()).toBe("0 1 2");
  });

  test("is of other keys than those avoided; of these one record goes in a round, when there are no others", () => {
    const { asked, batches, next } = make("kakbk");
    asked.avoided = new Set(["k"]);
    expect([next(), next()]).toEqual(["1 3", null]);
    batches.roundBegins();
    expect([next(), next()]).toEqual(["0", null]);
    batches.roundBegins();
    expect([next(), next()]).toEqual(["2", null]);
    asked.avoided = null;
    expect(next()).toBe("4");
  });

  test("and what was not sent of a round's one does not add to those of a later doubt", () => {
    const { asked, batches, next, term } = make("a");
    asked.avoided = new Set(["k"]);
    batches.roundBegins();
    expect(next()).toBe("0");
    asked.avoided = null;
    batches.push(recordOf(1, term));
    expect(next()).toBe("1");
    asked.avoided = new Set(["k"]);
    batches.push({ ...recordOf(2, term), key: "k" });
    expect(next()).toBeNull();
  });

  test("is smaller after a failure", () => {
    const { batches, next } = make("k".repeat(2 * FIRST));
    expect(next()?.split(" ")).toHaveLength(FIRST);
    batches.sent(FIRST, outage, 1);
    expect(next()?.split(" ")).toHaveLength(FIRST / 2);
  });

  test("is lingered for only when it would be a new one", () => {
    const { batches, left, next, term } = make("abc");
    expect(batches.lingerMs()).toBe(3);
    left.push(freshSegment([recordOf(7, term)]));
    expect(batches.lingerMs()).toBe(0);
    expect([next(), next(), batches.lingerMs()]).toEqual(["7", "0 1 2", 0]);
  });

  test("is not lingered for while anything is held, which it might pass", () => {
    const { asked, batches } = make("abc");
    asked.held = 1;
    expect(batches.lingerMs()).toBe(0);
  });

  test("and what is in memory: waiting, sent or held", () => {
    const { asked, batches, next, term } = make("abc");
    expect(batches.records).toBe(3);
    next();
    asked.held = 1;
    expect([batches.waiting, batches.records]).toEqual([0, 4]);
    asked.held = 0;
    next();
    expect(batches.records).toBe(0);
    batches.push(recordOf(8, term));
    batches.drop(term);
    expect(batches.records).toBe(0);
  });
});
