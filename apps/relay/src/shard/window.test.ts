import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createTerm } from "../lease/term.ts";
import type { Ends, InHand } from "./in-hand.ts";
import { createWindow } from "./window.ts";

const term = createTerm({
  lease: { shard: 0, owner: "r1", token: 1 },
  clock: createManualClock(),
  sentAtMs: 0,
  trustMs: 100,
});

const entryOf = (n: number, { events = 1, dataBytes = 10, dead = 0 } = {}): InHand => ({
  id: `${n}-0`,
  ref: `${n}-0 chunk`,
  term,
  copyKey: null,
  receivedAtMs: n,
  events,
  skip: [],
  ended: new Uint8Array(0),
  from: null,
  chunkEvents: [],
  dataBytes,
  remaining: 0,
  dead,
  parked: 0,
  position: 0,
  complete: () => undefined,
});

const setup = ({ eventsMax = 10, bytesMax = 100 } = {}) => {
  const limits = { eventsMax, bytesMax };
  const confirmed = new Map<string, Ends>();
  const window = createWindow({ eventsMax: () => limits.eventsMax, bytesMax: () => limits.bytesMax, confirmed });
  return { window, limits, confirmed };
};

describe("the window", () => {
  test("counts an entry from its reading to its settlement, and its bytes until it is done", () => {
    const { window } = setup();
    const [first, second] = [entryOf(1, { events: 3, dataBytes: 30 }), entryOf(2, { events: 2, dataBytes: 20 })];
    window.keep(first);
    window.keep(second);
    const { entries, events, bytes, oldestAtMs } = window;
    expect({ entries, events, bytes, oldestAtMs }).toEqual({ entries: 2, events: 5, bytes: 50, oldestAtMs: 1 });
    window.done(first);
    expect([window.entries, window.events, window.bytes]).toEqual([2, 5, 20]);
    window.left([first]);
    expect([window.entries, window.events, window.bytes, window.oldestAtMs]).toEqual([1, 2, 20, 2]);
    window.done(second);
    window.left([second]);
    expect([window.entries, window.events, window.bytes, window.oldestAtMs]).toEqual([0, 0, 0, null]);
  });

  test.each([
    ["events", { eventsMax: 4 }],
    ["bytes", { bytesMax: 40 }],
  ])("is full at the limit of %s, never while it is empty, and again when the limit falls", (_what, max) => {
    const { window, limits } = setup(max);
    const large = entryOf(1, { events: 50, dataBytes: 500 });
    Object.assign(limits, { eventsMax: 0, bytesMax: 0 });
    expect(window.isFull()).toBe(false);
    Object.assign(limits, { eventsMax: 10, bytesMax: 100, ...max });
    window.keep(large);
    expect(window.isFull()).toBe(true);
    window.done(large);
    window.left([large]);
    window.keep(entryOf(2, { events: 3, dataBytes: 39 }));
    expect(window.isFull()).toBe(false);
    window.keep(entryOf(3));
    expect(window.isFull()).toBe(true);
    limits.eventsMax = 100;
    limits.bytesMax = 1_000;
    expect(window.isFull()).toBe(false);
  });

  test("knows what was settled until a read begins that cannot show it any more", () => {
    const { window } = setup();
    const entry = entryOf(1);
    expect(window.knows(entry.ref)).toBe(false);
    window.keep(entry);
    expect(window.knows(entry.ref)).toBe(true);
    window.done(entry);
    window.left([entry]);
    expect(window.knows(entry.ref)).toBe(true);
    window.readStarts();
    expect(window.knows(entry.ref)).toBe(false);
  });

  test("remembers for the next term what was confirmed and not settled, once, and not past the stream's end", () => {
    const { window, confirmed } = setup();
    window.remember([entryOf(1, { dead: 2 }), entryOf(2)]);
    const next = createWindow({ eventsMax: () => 1, bytesMax: () => 1, confirmed });
    expect(next.takeConfirmed("1-0 chunk")).toEqual({ dead: 2, parked: 0 });
    expect(next.takeConfirmed("1-0 chunk")).toBeNull();
    expect(next.takeConfirmed("1-0 another chunk")).toBeNull();
    next.forgetConfirmed();
    expect(next.takeConfirmed("2-0 chunk")).toBeNull();
  });

  test("refuses what would make its counts untrue", () => {
    const { window } = setup();
    window.keep(entryOf(1));
    expect(() => window.keep(entryOf(1))).toThrow("in hand already");
    expect(() => window.done(entryOf(2))).toThrow("was not in hand");
  });
});
