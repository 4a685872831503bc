import type { OnWeakRedis } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { isRefusal, type Reliance, type Route, relianceOf, routeOf } from "./route.ts";

const sound = {
  open: true,
  held: false,
  stream: true,
  outbox: true,
  full: false,
  foreign: false,
  reliance: "stream" as Reliance,
};

const routeWith = (signs: Partial<typeof sound>): Route => {
  const { open, held, stream, outbox, full, foreign, reliance } = { ...sound, ...signs };
  return routeOf(0, {
    gate: { isOpen: () => open, isHeld: () => held },
    stream: { isUp: () => stream && reliance === "stream" },
    outbox: { isUp: () => outbox },
    meter: { isFull: () => full },
    promise: { reliance: () => reliance },
    belonging: { mismatch: () => (foreign ? "SHARDS is 8" : null) },
  });
};

describe("the route", () => {
  test.each<[Partial<typeof sound>, Route]>([
    [{}, "stream"],
    [{ stream: false }, "outbox"],
    [{ open: false }, "outbox"],
    [{ open: false, held: true }, "hold"],
    [{ open: false, full: true }, "backlog_full"],
    [{ open: false, outbox: false }, "unavailable"],
    [{ stream: false, outbox: false }, "unavailable"],
    [{ reliance: "outbox" }, "outbox"],
    [{ reliance: "outbox", full: true }, "backlog_full"],
    [{ reliance: "outbox", outbox: false }, "unavailable"],
    [{ reliance: "nowhere" }, "weak_redis"],
    [{ foreign: true }, "wrong_installation"],
    [{ foreign: true, open: false, held: true }, "wrong_installation"],
    [{ reliance: "nowhere", open: false, held: true }, "weak_redis"],
  ])("%j leads to %s", (signs, route) => {
    expect(routeWith(signs)).toBe(route);
    expect(isRefusal(route)).toBe(!["stream", "outbox", "hold"].includes(route));
  });

  test.each<[OnWeakRedis, Reliance]>([
    ["outbox", "outbox"],
    ["warn", "stream"],
    ["refuse", "nowhere"],
  ])("a broken promise with %s sends events to: %s; a kept and an unknown one to the stream", (choice, reliance) => {
    expect(relianceOf("broken", choice)).toBe(reliance);
    expect(relianceOf("kept", choice)).toBe("stream");
    expect(relianceOf("unknown", choice)).toBe("stream");
  });
});
